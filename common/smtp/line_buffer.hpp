// LineBuffer: what the peer has sent and nobody has used yet. Cuts command lines; hands out raw octets for DATA and BDAT.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::smtp {

struct InputLine {
  enum class Kind { Good, TooLong, BareLf };  // BareLf: ended by LF alone, which RFC 5321 §2.3.8 forbids
  Kind kind = Kind::Good;
  std::string text;  // without CRLF; empty when TooLong
};

// Bounded: an endless line is dropped while it comes in and reported once as TooLong. Not thread-safe.
class LineBuffer {
 public:
  void append(std::string_view octets) { buffer_ += octets; }
  // The next line of at most `most` octets with its CRLF, or nothing yet.
  std::optional<InputLine> take_line(std::size_t most);
  // True when the unfinished or next line starts with `word` in any case (AUTH has a limit of its own).
  bool starts_with(std::string_view word) const;
  std::string_view view() const { return std::string_view(buffer_).substr(start_); }
  void consume(std::size_t count);
  bool empty() const { return start_ == buffer_.size(); }
  void clear();

 private:
  std::string buffer_;
  std::size_t start_ = 0;
  std::size_t searched_ = 0;  // octets after start_ that are known to hold no LF
  bool dropping_ = false;
};

}  // namespace hearthmail::smtp
