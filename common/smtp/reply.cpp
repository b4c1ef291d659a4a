#include "common/smtp/reply.hpp"

#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::smtp {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::size_t kMaxStatusNumber = 3;  // digits, RFC 3463 §2

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && base::is_digit(text[at + count])) ++count;
  return count;
}

}  // namespace

std::string_view enhanced_code(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') return {};
  const std::size_t subject = digits_at(text, 2);
  if (subject == 0 || subject > kMaxStatusNumber) return {};
  const std::size_t dot = 2 + subject;
  if (dot >= text.size() || text[dot] != '.') return {};
  const std::size_t detail = digits_at(text, dot + 1);
  if (detail == 0 || detail > kMaxStatusNumber) return {};
  const std::size_t end = dot + 1 + detail;
  if (end < text.size() && !base::is_wsp(text[end])) return {};
  return text.substr(0, end);
}

std::string Reply::str() const {
  std::string text = std::to_string(code);
  for (const std::string& line : lines) {
    if (line.empty()) continue;
    text += ' ';
    // RFC 2034 §4 repeats the enhanced code on every line; once is enough for a reader.
    const bool repeated = &line != &lines.front() && !enhanced.empty() && enhanced_code(line) == enhanced;
    text += repeated ? base::trim(std::string_view(line).substr(enhanced.size())) : std::string_view(line);
    if (text.size() > kMaxReplySummary) break;
  }
  return base::printable(text, kMaxReplySummary);
}

Result<std::optional<Reply>> ReplyParser::next() {
  while (true) {
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t length = (end == std::string::npos ? buffer_.size() : end + 1) - at_;
    if (length > kMaxReplyLine) return Error{Errc::OverLimit, "the peer's reply line is longer than 8,192 octets"};
    if (end == std::string::npos) {
      buffer_.erase(0, at_);
      at_ = 0;
      return std::optional<Reply>{};
    }
    std::string_view line(buffer_.data() + at_, length - 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    auto last = take_line(line);
    at_ = end + 1;
    if (!last.ok()) return last.error();
    if (*last) return std::optional<Reply>{std::exchange(reply_, Reply{})};
  }
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF, RFC 5321 §4.2
Result<bool> ReplyParser::take_line(std::string_view line) {
  const bool coded = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && digits_at(line, 0) == 3 &&
                     (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!coded) return Error{Errc::Protocol, "not an SMTP reply: \"" + base::printable(line, 80) + "\""};
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!reply_.lines.empty() && code != reply_.code) {
    return Error{Errc::Protocol, "the lines of one reply have different codes"};
  }
  if (reply_.lines.size() >= kMaxReplyLines) return Error{Errc::OverLimit, "the peer's reply has over 512 lines"};
  reply_.code = code;
  const std::string_view text = line.size() > 4 ? line.substr(4) : std::string_view{};
  if (reply_.enhanced.empty()) reply_.enhanced = enhanced_code(text);
  reply_.lines.emplace_back(text);
  return line.size() == 3 || line[3] == ' ';
}

}  // namespace hearthmail::smtp
