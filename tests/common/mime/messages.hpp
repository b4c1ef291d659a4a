// Texts of test messages: written with "\n", sent with CRLF.
#pragma once

#include <string>
#include <string_view>

#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"

namespace hearthmail::mime::test {

inline std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

inline std::string at(std::string_view message, const Range& range) {
  return std::string(message.substr(range.offset, range.octets));
}

// The summary of a message written with "\n".
inline Summary summary_of(std::string_view text) {
  const std::string message = crlf(text);
  return summarize(message, index_message(message));
}

inline const SummaryPart* part_at(const Summary& summary, std::string_view path) {
  for (const SummaryPart& part : summary.parts) {
    if (part.path == path) return &part;
  }
  return nullptr;
}

}  // namespace hearthmail::mime::test
