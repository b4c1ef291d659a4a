#include "common/mime/imap_text.hpp"

#include <algorithm>

namespace hearthmail::mime {

void append_string(std::string& out, std::string_view value) {
  const bool plain = value.size() <= kMaxQuoted &&
                     std::all_of(value.begin(), value.end(), [](char c) { return (c >= 32 && c < 127) || c == '\t'; });
  if (plain) {
    out += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
    return;
  }
  out += '{';
  out += std::to_string(value.size());
  out += "}\r\n";
  for (const char c : value) out += c == '\0' ? '?' : c;
}

}  // namespace hearthmail::mime
