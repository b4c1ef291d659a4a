// The wildcards of LIST and LSUB: RFC 9051 §6.3.9. "*" matches everything, "%" everything but '/'.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::receiver::imap::text {

constexpr char kDelimiter = '/';  // between the levels of a mailbox name

// Iterative, O(pattern x name). The level INBOX at the front is matched case-insensitively (RFC 9051 §5.1).
bool list_matches(std::string_view pattern, std::string_view name);
// reference + pattern as RFC 9051 §6.3.9 reads them: the pattern is appended to the reference; one that begins with
// '/' stands alone.
std::string list_pattern(std::string_view reference, std::string_view pattern);

}  // namespace hearthmail::receiver::imap::text
