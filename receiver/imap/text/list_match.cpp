#include "receiver/imap/text/list_match.hpp"

#include <vector>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::text {

namespace {

constexpr std::string_view kInbox = "INBOX";

// How many octets at the front of `name` are the level INBOX, which has no case.
std::size_t caseless_front(std::string_view name) {
  const bool whole_level =
      name.size() == kInbox.size() || (name.size() > kInbox.size() && name[kInbox.size()] == kDelimiter);
  return whole_level && base::istarts_with(name, kInbox) ? kInbox.size() : 0;
}

}  // namespace

// One row of a table per pattern character: reach[i] says that the pattern so far matches name[0, i).
bool list_matches(std::string_view pattern, std::string_view name) {
  const std::size_t caseless = caseless_front(name);
  std::vector<char> reach(name.size() + 1, 0);
  reach[0] = 1;
  for (const char p : pattern) {
    if (p == '*' || p == '%') {
      for (std::size_t i = 0; i < name.size(); ++i) {
        if (reach[i] != 0 && (p == '*' || name[i] != kDelimiter)) reach[i + 1] = 1;
      }
      continue;
    }
    for (std::size_t i = name.size(); i > 0; --i) {
      const char n = name[i - 1];
      const bool same = i <= caseless ? base::to_lower(p) == base::to_lower(n) : p == n;
      reach[i] = reach[i - 1] != 0 && same ? 1 : 0;
    }
    reach[0] = 0;
  }
  return reach[name.size()] != 0;
}

std::string list_pattern(std::string_view reference, std::string_view pattern) {
  if (!pattern.empty() && pattern.front() == kDelimiter) return std::string(pattern);
  return std::string(reference).append(pattern);
}

}  // namespace hearthmail::receiver::imap::text
