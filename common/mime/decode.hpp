// Decoding of what a reader sees. Uses GMime's stream decoders and iconv, and only ever hands them one screened field or
// one part. Every function is linear, never fails and is bounded by its input. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::mime {

// Octets; the longest that IANA's registry of charsets takes. A longer name is unknown.
constexpr std::size_t kMaxCharsetName = 40;
constexpr std::size_t kMaxEncodedWords = 2'000;  // of one header value; what follows stays as it is

// An unfolded, RFC 2047-decoded header value as UTF-8. Raw 8-bit octets are taken as UTF-8 if they are, else Latin-1; a
// tab becomes a space.
std::string decode_header(std::string_view raw_value);
// A part's content: transfer-decoded ("quoted-printable", "base64", "x-uuencode", identity), at most `most` octets out.
std::string decode_transfer(std::string_view body, std::string_view encoding, std::size_t most);
// From `charset` to UTF-8; what cannot be converted becomes U+FFFD. Unknown charset: as UTF-8 if it is, else Latin-1.
std::string to_utf8(std::string_view octets, std::string_view charset);
// `text` with every octet that is not part of well-formed UTF-8 (RFC 3629) replaced by U+FFFD.
std::string clean_utf8(std::string_view text);
// The longest prefix of well-formed UTF-8 `text` that has at most `most` octets and ends between characters.
std::string_view utf8_prefix(std::string_view text, std::size_t most);

}  // namespace hearthmail::mime
