#include "tests/receiver/imap/model/believer.hpp"

#include <algorithm>
#include <sstream>

namespace hearthmail::test::model {

namespace {

std::uint64_t number_at(std::string_view text, std::size_t at) {
  require(at < text.size() && text[at] >= '0' && text[at] <= '9', "a number in: " + std::string(text));
  std::uint64_t value = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  return value;
}

// What follows `name` in `text`; nothing when it is not there.
std::optional<std::uint64_t> number_after(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  if (at == std::string::npos) return std::nullopt;
  return number_at(text, at + name.size());
}

Fetched parse_fetch(const std::string& text, std::uint32_t sequence) {
  Fetched fetched;
  fetched.sequence = sequence;
  // "BODY[TEXT] {3}" stands between; its octets hold nothing that looks like an item.
  if (const auto uid = number_after(text, "UID ")) fetched.uid = static_cast<std::uint32_t>(*uid);
  if (const auto modseq = number_after(text, "MODSEQ (")) fetched.modseq = *modseq;
  fetched.text = text.find("BODY[TEXT]<0> ") != std::string::npos;
  const auto flags = text.find("FLAGS (");
  if (flags == std::string::npos) return fetched;
  std::istringstream words(text.substr(flags + 7, text.find(')', flags) - flags - 7));
  fetched.flags.emplace();
  for (std::string word; words >> word;) {
    if (word != "\\Recent") fetched.flags->insert(word);
  }
  return fetched;
}

}  // namespace

Uids parse_set(std::string_view text) {
  Uids uids;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    const auto first = static_cast<std::uint32_t>(number_at(part, 0));
    const auto colon = part.find(':');
    const auto last = colon == std::string_view::npos ? first : static_cast<std::uint32_t>(number_at(part, colon + 1));
    for (std::uint32_t uid = first; uid <= last; ++uid) uids.push_back(uid);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return uids;
}

std::string set_text(const Uids& uids) {
  std::string text;
  for (const auto uid : uids) text += (text.empty() ? "" : ",") + std::to_string(uid);
  return text;
}

bool Believer::has_unknown() const {
  return std::any_of(list.begin(), list.end(), [](const Entry& entry) { return entry.uid == 0; });
}

Uids Believer::uids() const {
  Uids known;
  for (const Entry& entry : list) {
    if (entry.uid != 0) known.push_back(entry.uid);
  }
  return known;
}

std::optional<std::size_t> Believer::index_of(std::uint32_t uid) const {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].uid == uid) return i;
  }
  return std::nullopt;
}

Answer Believer::read(const std::string& text, const std::string& tag, bool withheld) {
  Answer answer;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = text.find("\r\n", at);
    require(end != std::string::npos, "a whole line in: " + text.substr(at));
    std::string one = text.substr(at, end - at);
    at = end + 2;
    if (one.rfind(tag + " ", 0) == 0) {
      require(notified || at == text.size(), "nothing after the tagged answer: " + text.substr(at));
      answer.tagged = one.substr(tag.size() + 1);
      take_code(one, answer);
      withheld = true;
      continue;
    }
    if (one.rfind("+ ", 0) == 0) continue;
    // A literal: its octets and the rest of the line.
    if (!one.empty() && one.back() == '}') {
      const auto octets = number_at(one, one.rfind('{') + 1);
      const auto rest = text.find("\r\n", at + octets);
      one += text.substr(at + octets, rest - at - octets);
      at = rest + 2;
    }
    line(one, withheld, answer);
  }
  require(!answer.tagged.empty(), "a tagged answer in: " + text);
  // RFC 7162 §3.2.4, §6: what the server says of HIGHESTMODSEQ is stronger than what its FETCH responses showed.
  if (answer.highest != 0) {
    modseq = answer.highest;
  } else {
    modseq = std::max(modseq, answer.fetched_modseq);
  }
  return answer;
}

Answer Believer::read_select(const std::string& text, const std::string& tag) {
  // News of the mailbox before may stand in front.
  const auto closed = text.find("* OK [CLOSED]");
  const bool has_news = notified && closed != std::string::npos;
  if (has_news) read(text.substr(0, closed) + tag + " OK\r\n", tag, true);
  list.clear();
  modseq = 0;
  selecting_ = true;
  Answer answer = read(has_news ? text.substr(closed) : text, tag, false);
  selecting_ = false;
  require(answer.ok(), "SELECT: " + answer.tagged);
  validity = answer.validity;
  return answer;
}

void Believer::take_code(const std::string& text, Answer& answer) {
  if (const auto highest = number_after(text, "[HIGHESTMODSEQ ")) answer.highest = *highest;
  if (const auto valid = number_after(text, "[UIDVALIDITY ")) answer.validity = static_cast<std::uint32_t>(*valid);
  for (const std::string name : {"[MODIFIED ", "[COPYUID ", "[APPENDUID "}) {
    const auto at = text.find(name);
    if (at == std::string::npos) continue;
    std::istringstream words(text.substr(at + name.size(), text.find(']', at) - at - name.size()));
    std::vector<std::string> found;
    for (std::string word; words >> word;) found.push_back(word);
    if (name == "[MODIFIED ") {
      answer.modified = parse_set(found.at(0));
    } else if (name == "[APPENDUID ") {
      answer.appended = parse_set(found.at(1));
    } else {
      answer.copied_from = parse_set(found.at(1));
      answer.copied_to = parse_set(found.at(2));
    }
  }
}

void Believer::line(const std::string& text, bool withheld, Answer& answer) {
  require(text.rfind("* ", 0) == 0, "an untagged response: " + text);
  const bool vanished = text.rfind("* VANISHED ", 0) == 0;
  const bool earlier = text.rfind("* VANISHED (EARLIER) ", 0) == 0;
  if (earlier) {
    for (const auto uid : parse_set(std::string_view(text).substr(21))) answer.earlier.push_back(uid);
    return;
  }
  if (vanished) {
    require(!withheld, "no VANISHED while numbers are in use: " + text);
    for (const auto uid : parse_set(std::string_view(text).substr(11))) take_vanished(uid);
    return;
  }
  require(!rev2 || (text.rfind("* SEARCH", 0) != 0 && text.find("ecent") == std::string::npos &&
                    text.find(" RECENT") == std::string::npos && text.find("[UNSEEN") == std::string::npos),
          "nothing that IMAP4rev2 has not: " + text);
  if (text.rfind("* ESEARCH ", 0) == 0) {
    const auto all = text.find(" ALL ");
    if (all != std::string::npos) answer.found = parse_set(std::string_view(text).substr(all + 5));
    return;
  }
  if (text.rfind("* SEARCH", 0) == 0) {
    std::istringstream words(text.substr(8));
    for (std::uint32_t number = 0; words >> number;) answer.found.push_back(number);
    return;
  }
  if (text[2] < '0' || text[2] > '9') {
    take_code(text, answer);
    return;
  }
  const auto number = static_cast<std::uint32_t>(number_at(text, 2));
  if (text.find(" EXISTS") != std::string::npos) {
    require(number >= list.size(), "EXISTS never shrinks: " + text);
    list.resize(number);
  } else if (text.find(" EXPUNGE") != std::string::npos) {
    require(!withheld, "no EXPUNGE while numbers are in use: " + text);
    require(number >= 1 && number <= list.size(), "a message that is there: " + text);
    list.erase(list.begin() + number - 1);
  } else if (text.find(" FETCH (") != std::string::npos) {
    const Fetched fetched = parse_fetch(text, number);
    require(number >= 1 && number <= list.size(), "a message that is there: " + text);
    answer.fetched_modseq = std::max(answer.fetched_modseq, fetched.modseq);
    answer.fetched.push_back(fetched);
    if (!selecting_) take_fetch(fetched);
  }
}

void Believer::take_fetch(const Fetched& fetched) {
  Entry& entry = list[fetched.sequence - 1];
  if (fetched.uid != 0) {
    require(entry.uid == 0 || entry.uid == fetched.uid, "number " + std::to_string(fetched.sequence) + " was UID " +
                                                            std::to_string(entry.uid) + ", not " +
                                                            std::to_string(fetched.uid));
    entry.uid = fetched.uid;
  }
  if (fetched.flags.has_value()) entry.flags = *fetched.flags;
}

// A message may go before this client has learnt its UID: it is then one of the unknown ones where that UID belongs.
void Believer::take_vanished(std::uint32_t uid) {
  if (const auto index = index_of(uid)) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(*index));
    return;
  }
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].uid > uid) break;
    if (list[i].uid == 0 && before < uid) {
      const auto after = std::find_if(list.begin() + static_cast<std::ptrdiff_t>(i), list.end(),
                                      [](const Entry& entry) { return entry.uid != 0; });
      if (after == list.end() || after->uid > uid) {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
    }
    if (list[i].uid != 0) before = list[i].uid;
  }
  require(false, "VANISHED names a message that is there: " + std::to_string(uid));
}

}  // namespace hearthmail::test::model
