// Decoding of what a reader sees. Uses GMime and iconv, and only ever hands them one screened field or one part.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::mime {

// An unfolded, RFC 2047-decoded header value as UTF-8. Raw 8-bit octets are taken as UTF-8 if they are, else Latin-1.
std::string decode_header(std::string_view raw_value);
// A part's content: transfer-decoded ("quoted-printable", "base64", identity), at most `most` octets out.
std::string decode_transfer(std::string_view body, std::string_view encoding, std::size_t most);
// From `charset` to UTF-8; what cannot be converted becomes U+FFFD. Unknown charset: as UTF-8 if it is, else Latin-1.
std::string to_utf8(std::string_view octets, std::string_view charset);

}  // namespace hearthmail::mime
