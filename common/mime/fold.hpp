// Case folding for comparison: what a reader takes for the same text compares equal. RFC 9051 §6.4.4 asks for
// case-insensitive matches and leaves the comparator open.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::mime {

// Unicode NFKD, full case folding, NFKC ("STRASSE" and "straße", "ＡＢＣ" and "abc" become the same). `text` must be UTF-8;
// octets that are not are replaced by U+FFFD. Pure ASCII takes a short way.
std::string fold_case(std::string_view text);
// True when to_utf8() (decode.hpp) really converts from `charset` instead of guessing: SEARCH refuses other charsets.
bool is_known_charset(std::string_view charset);

}  // namespace hearthmail::mime
