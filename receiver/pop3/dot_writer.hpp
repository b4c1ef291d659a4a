// DotWriter: a message as a multi-line response: dot-stuffed, ended by CRLF "." CRLF; for TOP only its header and the
// first lines of its body. RFC 1939 §3, §7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::receiver::pop3 {

// Takes the message in any pieces. A dot after a bare LF is doubled as well: many clients end lines there, and one that
// saw a lone dot would take the rest of the message for answers.
class DotWriter {
 public:
  // `body_lines`: TOP's count; absent for the whole message.
  explicit DotWriter(std::optional<std::uint64_t> body_lines) : lines_left_(body_lines) {}

  // Appends what `octets` become to `out`. False when TOP has all it wants: further pieces add nothing.
  bool add(std::string& out, std::string_view octets);
  // The line end that may be missing, then ".".
  void finish(std::string& out);

 private:
  bool wants_more() const { return !lines_left_.has_value() || in_header_ || *lines_left_ > 0; }
  void end_line();

  std::optional<std::uint64_t> lines_left_;
  bool in_header_ = true;
  bool line_start_ = true;
  bool blank_ = true;  // the current line holds nothing but CR so far
  bool after_cr_ = false;
  bool ends_crlf_ = true;  // an empty message needs no line end
};

}  // namespace hearthmail::receiver::pop3
