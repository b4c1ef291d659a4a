// Small text functions of protocol code: ASCII only, no locale, linear in their input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::base {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }

std::string lower(std::string_view text);
std::string upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b);  // ASCII case-insensitive
bool istarts_with(std::string_view text, std::string_view prefix);
std::string_view trim(std::string_view text);                                // SP, TAB, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);  // keeps empty fields
std::vector<std::string_view> split_words(std::string_view text);  // by runs of SP, TAB and ","; no empty ones
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// A whole decimal number without sign or blanks that fits; otherwise nothing.
std::optional<std::uint64_t> parse_u64(std::string_view text);
std::optional<std::uint32_t> parse_u32(std::string_view text);
bool is_utf8(std::string_view text);  // well-formed, RFC 3629
bool is_ascii(std::string_view text);
std::string hex(std::string_view octets);
std::string base64(std::string_view octets);                 // RFC 4648 §4, padded, one line
std::optional<std::string> unbase64(std::string_view text);  // strict: padded, no white space
// The member of `choices` that is closest to `word` by edit distance, if it is close enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& choices);
// `text` fit for one log line: control characters and CR LF become "\xNN", cut at `most` octets.
std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace hearthmail::base
