#include <algorithm>
#include <limits>

#include "tests/receiver/imap/model/run.hpp"

namespace hearthmail::test::model {

namespace {

constexpr std::uint64_t kAnyModSeq = std::numeric_limits<std::uint64_t>::max();

std::string flag_text(const FlagSet& flags) {
  std::string text;
  for (const auto& flag : flags) text += (text.empty() ? "" : " ") + flag;
  return "(" + text + ")";
}

// The messages at `chosen` as a client names them: by UID (unknown ones left out) or by number.
struct Named {
  std::string prefix;  // "UID " or ""
  std::string set;
  Uids uids;
};

Named name_them(const Believer& belief, const std::vector<std::size_t>& chosen, bool by_uid) {
  Named named;
  Uids numbers;
  for (const auto index : chosen) {
    numbers.push_back(static_cast<std::uint32_t>(index + 1));
    if (belief.list[index].uid != 0) named.uids.push_back(belief.list[index].uid);
  }
  by_uid = by_uid && !named.uids.empty();
  named.prefix = by_uid ? "UID " : "";
  named.set = set_text(by_uid ? named.uids : numbers);
  return named;
}

}  // namespace

std::vector<std::size_t> Run::some(const Client& client) {
  std::vector<std::size_t> chosen;
  const std::size_t size = client.belief.list.size();
  const std::size_t wanted = 1 + pick(4);
  for (std::size_t index = pick(size); index < size && chosen.size() < wanted; index += 1 + pick(3)) {
    chosen.push_back(index);
  }
  return chosen;
}

FlagSet Run::some_flags() {
  static const std::vector<std::string> kFlags = {"\\Seen", "\\Flagged", "\\Deleted", "\\Deleted", "\\Answered", "red"};
  FlagSet flags;
  do {
    flags.insert(kFlags[pick(kFlags.size())]);
  } while (pick(3) == 0);
  return flags;
}

Prepared Run::any_command(Client& client) {
  if (client.belief.list.empty()) return pick(4) == 0 ? Prepared{"NOOP", false, {}, {}, {}} : append();
  switch (pick(12)) {
    case 0:
    case 1:
    case 2: return store(client);
    case 3:
    case 4: return fetch(client);
    case 5: return expunge(client);
    case 6:
    case 7: return transfer(client);
    case 8:
    case 9: return append();
    case 10:
      // With NOTIFY the server may have told of messages that are not read yet: what it finds is then more than is known.
      if (client.kind != Kind::Notify) return search(client);
      return {"NOOP", false, {}, {}, {}};
    default: return {"NOOP", false, {}, {}, {}};
  }
}

Prepared Run::store(Client& client) {
  const auto named = name_them(client.belief, some(client), pick(2) == 0);
  const FlagSet flags = some_flags();
  const char mode = "+-=+"[pick(4)];
  const bool conditional = client.kind != Kind::Plain && client.kind != Kind::Notify && pick(3) == 0;
  const bool silent = !conditional && client.kind != Kind::Notify && pick(3) == 0;  // news may still be unread
  const std::uint64_t since =
      conditional ? boxes_[client.box].highest - pick(4) % boxes_[client.box].highest : kAnyModSeq;
  Prepared prepared;
  prepared.text = named.prefix + "STORE " + named.set +
                  (conditional ? " (UNCHANGEDSINCE " + std::to_string(since) + ") " : " ") +
                  (mode == '=' ? "" : std::string(1, mode)) + (silent ? "FLAGS.SILENT " : "FLAGS ") + flag_text(flags);
  prepared.withheld = named.prefix.empty();
  const auto refused = std::make_shared<Uids>();
  Box& box = boxes_[client.box];
  prepared.reference = [&box, named, mode, flags, since, refused] {
    *refused = box.store(named.uids, mode, flags, since);
  };
  if (silent) {
    prepared.locally = [&client, named, mode, flags] {
      for (const auto uid : named.uids) {
        Entry& entry = client.belief.list[*client.belief.index_of(uid)];
        entry.flags = Box::apply(entry.flags, mode, flags);
      }
    };
  }
  prepared.check = [&client, named, refused](Answer& answer) {
    Uids expected;
    for (const auto uid : *refused) {
      const auto index = client.belief.index_of(uid);
      expected.push_back(named.prefix.empty() ? static_cast<std::uint32_t>(index.value() + 1) : uid);
    }
    require(answer.modified == expected, "MODIFIED " + set_text(expected));
  };
  return prepared;
}

Prepared Run::fetch(Client& client) {
  const auto named = name_them(client.belief, some(client), pick(2) == 0);
  const bool reads = pick(2) == 0;
  Prepared prepared;
  prepared.text = named.prefix + "FETCH " + named.set + (reads ? " (UID BODY[TEXT]<0.3>)" : " (UID FLAGS)");
  prepared.withheld = named.prefix.empty();
  Box& box = boxes_[client.box];
  if (reads) prepared.reference = [&box, named] { box.store(named.uids, '+', {"\\Seen"}, kAnyModSeq); };
  prepared.check = [&box, named, reads](Answer& answer) {
    for (const auto uid : named.uids) {
      const bool told = std::any_of(answer.fetched.begin(), answer.fetched.end(), [uid, reads](const Fetched& fetched) {
        return fetched.uid == uid && (reads ? fetched.text : fetched.flags.has_value());
      });
      require(told || box.messages.count(uid) == 0, "an answer for UID " + std::to_string(uid));
    }
  };
  return prepared;
}

Prepared Run::expunge(Client& client) {
  Uids uids = client.belief.uids();
  Prepared prepared;
  prepared.text = "EXPUNGE";
  const auto named = name_them(client.belief, some(client), true);
  if ((client.kind == Kind::Notify || pick(2) == 0) && !named.prefix.empty()) {
    uids = named.uids;
    prepared.text = "UID EXPUNGE " + named.set;
  }
  Box& box = boxes_[client.box];
  prepared.reference = [&box, uids] { box.expunge(uids); };
  return prepared;
}

Prepared Run::transfer(Client& client) {
  const auto named = name_them(client.belief, some(client), pick(2) == 0);
  const bool moves = pick(2) == 0;
  Box& source = boxes_[client.box];
  Box& target = boxes_[pick(2)];
  Prepared prepared;
  prepared.text = named.prefix + (moves ? "MOVE " : "COPY ") + named.set + " " + target.name;
  const auto copied = std::make_shared<Box::Copied>();
  prepared.reference = [&source, &target, named, moves, copied] {
    *copied = source.copy_to(target, named.uids, moves);
  };
  prepared.check = [copied](Answer& answer) {
    require(answer.copied_from == copied->source && answer.copied_to == copied->target,
            "COPYUID " + set_text(copied->source) + " " + set_text(copied->target));
  };
  return prepared;
}

Prepared Run::append() {
  Box& box = boxes_[pick(2)];
  const FlagSet flags = pick(2) == 0 ? some_flags() : FlagSet();
  const std::string body = letter("model");
  Prepared prepared;
  prepared.text = "APPEND " + box.name + " " + flag_text(flags) + " {" + std::to_string(body.size()) + "+}\r\n" + body;
  prepared.reference = [&box, flags] { box.append(flags); };
  prepared.check = [&box](Answer& answer) {
    require(answer.appended == Uids{box.uid_next - 1}, "APPENDUID " + std::to_string(box.uid_next - 1));
  };
  return prepared;
}

Prepared Run::search(Client& client) {
  const bool by_uid = pick(2) == 0;
  Prepared prepared;
  prepared.text = by_uid ? "UID SEARCH DELETED" : "SEARCH DELETED";
  prepared.withheld = !by_uid;
  Uids expected;
  const Box& box = boxes_[client.box];
  for (std::size_t i = 0; i < client.belief.list.size(); ++i) {
    const auto at = box.messages.find(client.belief.list[i].uid);
    if (at == box.messages.end() || at->second.flags.count("\\Deleted") == 0) continue;
    expected.push_back(by_uid ? at->first : static_cast<std::uint32_t>(i + 1));
  }
  prepared.check = [expected](Answer& answer) { require(answer.found == expected, "SEARCH " + set_text(expected)); };
  return prepared;
}

}  // namespace hearthmail::test::model
