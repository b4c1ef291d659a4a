#include "receiver/pop3/dot_writer.hpp"

namespace hearthmail::receiver::pop3 {

bool DotWriter::add(std::string& out, std::string_view octets) {
  while (!octets.empty()) {
    if (line_start_ && !wants_more()) return false;
    const std::size_t lf = octets.find('\n');
    const bool whole = lf != std::string_view::npos;
    const std::string_view piece = octets.substr(0, whole ? lf + 1 : octets.size());
    octets.remove_prefix(piece.size());
    if (line_start_ && piece.front() == '.') out += '.';
    out += piece;
    const std::string_view text = piece.substr(0, piece.size() - (whole ? 1 : 0));
    blank_ = blank_ && (text.empty() || text == "\r");
    const bool cr_before = text.empty() ? after_cr_ : text.back() == '\r';
    ends_crlf_ = whole && cr_before;
    after_cr_ = !whole && cr_before;
    line_start_ = whole;
    if (whole) end_line();
  }
  return !line_start_ || wants_more();
}

void DotWriter::end_line() {
  if (in_header_) {
    in_header_ = !blank_;
  } else if (lines_left_.has_value() && *lines_left_ > 0) {
    --*lines_left_;
  }
  blank_ = true;
}

void DotWriter::finish(std::string& out) {
  if (!ends_crlf_) out += "\r\n";
  out += ".\r\n";
}

}  // namespace hearthmail::receiver::pop3
