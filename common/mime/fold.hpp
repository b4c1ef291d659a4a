// The comparator i;unicode-casemap, RFC 5051 §2: what SEARCH, SORT and THREAD compare texts by (I18NLEVEL=1, RFC 5255 §4.2).
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::mime {

// `text` as it is compared, octet by octet: each character in title case, then fully decomposed (NFKD without moving marks).
// `text` must be UTF-8; octets that are not are replaced by U+FFFD. Pure ASCII takes a short way.
std::string fold_case(std::string_view text);
// `text` in Normalization Form C (RFC 5198 §2); as it is when it is not UTF-8 or holds NUL.
std::string compose(std::string_view text);
// True when to_utf8() (decode.hpp) really converts from `charset` instead of guessing: SEARCH refuses other charsets.
bool is_known_charset(std::string_view charset);

}  // namespace hearthmail::mime
