// DataWriter: a message as it travels after DATA, RFC 5321 §4.5.2. Pure.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::smtp {

// Doubles the dot at the start of a line and makes sure that every line ends in CRLF. A lone CR or LF must not be sent
// (RFC 5321 §2.3.8): it becomes CRLF, so that no peer, however lenient, can read two messages out of one. Any split of
// the message gives the same output. Not thread-safe; one per message.
class DataWriter {
 public:
  // `octets` of the message in their form for the wire.
  std::string encode(std::string_view octets);
  // What is left before the final dot: the CRLF that an unfinished last line needs, or nothing.
  std::string finish();

 private:
  bool line_start_ = true;
  bool after_cr_ = false;  // a CR was read whose LF may be the next octet; it is not written yet
};

constexpr std::string_view kFinalDot = ".\r\n";  // after the last line's CRLF, RFC 5321 §4.1.1.4

}  // namespace hearthmail::smtp
