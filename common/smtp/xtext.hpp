// xtext, RFC 3461 §4, and the address forms of ORCPT, RFC 3461 §4.2 and RFC 6533 §3. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::smtp {

// "+" and "=" and all outside 33 to 126 become "+XX" (upper-case hex).
std::string encode_xtext(std::string_view text);
// Errors: Invalid (a character that xtext forbids, a broken "+XX").
base::Result<std::string> decode_xtext(std::string_view xtext);

// What ORCPT says: "rfc822;user@example.org" or "utf-8;user@example.org".
struct OriginalRecipient {
  std::string type;     // "rfc822", "utf-8", lower case
  std::string address;  // decoded
};
// `value` is the parameter as it stands on the line. Type utf-8 takes utf-8-addr-xtext ("\x{E9}") and, since the session
// knows SMTPUTF8, utf-8-addr-unitext. Errors: Invalid.
base::Result<OriginalRecipient> parse_original_recipient(std::string_view value);

}  // namespace hearthmail::smtp
