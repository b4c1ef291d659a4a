#include "common/smtp/data_writer.hpp"

namespace hearthmail::smtp {

std::string DataWriter::encode(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() + octets.size() / 64 + 2);
  for (const char c : octets) {
    if (after_cr_ || c == '\n') {
      out += "\r\n";
      line_start_ = true;
      after_cr_ = false;
      if (c == '\n') continue;
    }
    if (c == '\r') {
      after_cr_ = true;
      continue;
    }
    if (line_start_ && c == '.') out += '.';
    out += c;
    line_start_ = false;
  }
  return out;
}

std::string DataWriter::finish() {
  const bool open = after_cr_ || !line_start_;
  after_cr_ = false;
  line_start_ = true;
  return open ? "\r\n" : "";
}

}  // namespace hearthmail::smtp
