// Header fields that mail programs ask for when they list a mailbox. Their octets are kept in the summary, so that such a
// list reads no body.
#pragma once

#include <string>
#include <string_view>

#include "common/base/text.hpp"

namespace hearthmail::mime {

// Octets of all kept fields together; a message with more has none kept, and its body is read.
constexpr std::size_t kMaxListed = 8 * 1024;

// Octets of an encoded summary with listed fields; one that would be longer is kept without them. The store gives longer
// values pages of their own (LMDB: more than half a page), which costs more room than the fields are worth, unless the
// message itself is large: then the summary may fill one page.
constexpr std::size_t kMaxWithListed = 2'000;
constexpr std::size_t kMaxPage = 4'000;           // octets of 4,096, less what LMDB and the checksum take
constexpr std::size_t kLargeMessage = 16 * 1024;  // octets

// Date, From, To, Subject and what else Thunderbird, Apple Mail, Outlook, mutt and K-9 Mail show or sort by.
bool is_listed_field(std::string_view name);

// The fields of `header` whose names `wanted` takes, each with its folded lines, exactly as they stand there; stops at the
// blank line. What is not a field and begins no line of one goes with the line before it.
template <class F>
std::string select_fields(std::string_view header, const F& wanted) {
  std::string kept;
  bool keep = false;
  while (!header.empty()) {
    const std::size_t end = header.find('\n');
    const std::string_view line = header.substr(0, end == std::string_view::npos ? header.size() : end + 1);
    header.remove_prefix(line.size());
    if (line == "\r\n" || line == "\n") break;  // the end of the header
    if (!base::is_wsp(line.front())) {
      std::string_view name = line.substr(0, line.find(':'));
      while (!name.empty() && base::is_wsp(name.back())) name.remove_suffix(1);
      keep = wanted(name);
    }
    if (keep) kept += line;
  }
  return kept;
}

}  // namespace hearthmail::mime
