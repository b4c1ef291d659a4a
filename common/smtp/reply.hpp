// Replies as a client reads them: RFC 5321 §4.2, enhanced codes of RFC 3463 and RFC 2034. Pure: knows no socket.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace hearthmail::smtp {

// Octets of one reply line with its CRLF. RFC 5321 §4.5.3.1.5 says 512; peers exceed it, limits.md gives 8,192.
constexpr std::size_t kMaxReplyLine = 8'192;
// Lines of one reply. No RFC sets a number; a peer that never ends its reply must not fill the memory.
constexpr std::size_t kMaxReplyLines = 512;
// Octets of the one-line form that goes into the queue, a log or a report.
constexpr std::size_t kMaxReplySummary = 400;

struct Reply {
  int code = 0;                    // 200 to 599
  std::string enhanced;            // "5.1.1" of the first line that has one, or empty
  std::vector<std::string> lines;  // each line's text after the code, with its enhanced code

  bool positive() const { return code >= 200 && code < 300; }
  bool intermediate() const { return code >= 300 && code < 400; }
  bool temporary() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500; }
  // "550 5.1.1 No such user": all lines joined by blanks, printable, at most kMaxReplySummary octets.
  std::string str() const;
};

// The enhanced status code that `text` begins with ("5.1.1"), or empty. RFC 2034 §4: class 2, 4 or 5, then two numbers
// of one to three digits.
std::string_view enhanced_code(std::string_view text);

// Cuts the octets of a peer into replies; the result does not depend on how they were packed. A line may end in a lone LF:
// old peers do that, and nothing that we act on hangs on it. Not thread-safe; the client owns it.
class ReplyParser {
 public:
  void feed(std::string_view octets) { buffer_ += octets; }
  // The next whole reply, or nullopt when more octets are needed. Errors: Protocol (not a reply, or the codes of one
  // reply's lines differ), OverLimit (line or number of lines); after an error the connection is of no use.
  base::Result<std::optional<Reply>> next();
  // Nothing is waiting that was not returned: must hold when STARTTLS is answered (RFC 3207 §4.2).
  bool empty() const { return at_ == buffer_.size() && reply_.lines.empty(); }

 private:
  base::Result<bool> take_line(std::string_view line);  // true: it was the reply's last line

  std::string buffer_;
  std::size_t at_ = 0;
  Reply reply_;
};

}  // namespace hearthmail::smtp
