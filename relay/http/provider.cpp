#include "relay/http/provider.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.hpp"

namespace hearthmail::relay {

namespace {

constexpr std::size_t kMaxAnswerShown = 300;  // octets of an answer's text in the queue

bool words_fit(std::string_view words, std::string_view text) {
  if (words.empty()) return true;
  const auto choices = base::split(words, '|');
  return std::any_of(choices.begin(), choices.end(),
                     [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace

bool json_is_shallow(std::string_view text, std::size_t most) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '[' || c == '{') && ++depth > most) return false;
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return true;
}

std::string json_text(std::string_view text, std::string_view key) {
  if (!json_is_shallow(text, kMaxJsonDepth)) return {};
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object()) return {};
  const auto found = parsed.find(std::string(key));
  if (found == parsed.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

Outcome accepted_outcome(std::string_view provider, const HttpAnswer& answer, std::string_view id) {
  constexpr std::size_t kIdShown = 200;  // octets; Mailgun's ids are message-ids
  Outcome out;
  out.verdict = id.empty() ? Verdict::InDoubt : Verdict::Accepted;
  out.reply = id.empty() ? "HTTP " + std::to_string(answer.status) + " without a message id"
                         : "accepted by " + std::string(provider) + " as " + base::printable(id, kIdShown);
  out.status = id.empty() ? "4.5.0" : "2.0.0";
  return out;
}

Outcome answer_outcome(const AnswerRow* rows, std::size_t count, const HttpAnswer& answer, std::string_view type,
                       std::string_view text, std::size_t recipients) {
  Outcome out;
  out.reply = "HTTP " + std::to_string(answer.status);
  if (!type.empty()) out.reply += " " + base::printable(type, 80);
  if (!text.empty()) out.reply += ": " + base::printable(text, kMaxAnswerShown);
  out.status = "4.0.0";
  out.retry_after = answer.retry_after;
  const std::string lowered = base::lower(text);
  for (std::size_t i = 0; i < count; ++i) {
    const AnswerRow& row = rows[i];
    if (answer.status < row.lowest || answer.status > row.highest) continue;
    if ((!row.type.empty() && row.type != type) || !words_fit(row.words, lowered)) continue;
    out.verdict = row.verdict;
    out.status = row.status;
    out.about_sender = row.about_sender;
    if (row.one_by_one && recipients > 1) {
      out.verdict = Verdict::Temporary;
      out.again_at_once = true;
    }
    return out;
  }
  return out;  // Temporary: what we do not know must not lose a mail
}

}  // namespace hearthmail::relay
