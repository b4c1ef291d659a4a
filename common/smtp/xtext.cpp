#include "common/smtp/xtext.hpp"

#include <cstdint>

#include "common/base/text.hpp"

namespace hearthmail::smtp {
namespace {

using base::Errc;
using base::Error;

int hex_digit(char c) {
  if (base::is_digit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;  // RFC 3461 §4: upper-case digits only
}

bool is_xchar(char c) { return c >= '!' && c <= '~' && c != '+' && c != '='; }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto octet = [&out](std::uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (point < 0x80) {
    octet(point);
  } else if (point < 0x800) {
    octet(0xC0U | (point >> 6U));
    octet(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    octet(0xE0U | (point >> 12U));
    octet(0x80U | ((point >> 6U) & 0x3FU));
    octet(0x80U | (point & 0x3FU));
  } else {
    octet(0xF0U | (point >> 18U));
    octet(0x80U | ((point >> 12U) & 0x3FU));
    octet(0x80U | ((point >> 6U) & 0x3FU));
    octet(0x80U | (point & 0x3FU));
  }
}

// EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}", RFC 6533 §3. `at` stands on the backslash and ends after the "}".
base::Result<std::uint32_t> take_hexpoint(std::string_view text, std::size_t& at) {
  const auto close = text.find('}', at);
  if (text.substr(at, 3) != "\\x{" || close == std::string_view::npos) {
    return Error{Errc::Invalid, "bad \\x{...} in a utf-8 address"};
  }
  const std::string_view digits = text.substr(at + 3, close - at - 3);
  if (digits.size() < 2 || digits.size() > 6) return Error{Errc::Invalid, "bad \\x{...} in a utf-8 address"};
  std::uint32_t point = 0;
  for (const char c : digits) {
    const int digit = hex_digit(base::to_upper(c));
    if (digit < 0) return Error{Errc::Invalid, "bad \\x{...} in a utf-8 address"};
    point = point * 16 + static_cast<std::uint32_t>(digit);
  }
  if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
    return Error{Errc::Invalid, "not a Unicode scalar value"};
  at = close + 1;
  return point;
}

// utf-8-addr-xtext and utf-8-addr-unitext, RFC 6533 §3
base::Result<std::string> decode_utf8_address(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\\') {
      TRY_ASSIGN(const auto point, take_hexpoint(text, at));
      if (point < 0x20 || point == 0x7F) return Error{Errc::Invalid, "control character in a utf-8 address"};
      append_utf8(out, point);
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80 && !is_xchar(c)) return Error{Errc::Invalid, "bad utf-8 address"};
    out += c;
    ++at;
  }
  if (!base::is_utf8(out)) return Error{Errc::Invalid, "address is not UTF-8"};
  return out;
}

}  // namespace

std::string encode_xtext(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_xchar(c)) {
      out += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out += '+';
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0x0FU];
  }
  return out;
}

base::Result<std::string> decode_xtext(std::string_view xtext) {
  std::string out;
  for (std::size_t at = 0; at < xtext.size(); ++at) {
    if (is_xchar(xtext[at])) {
      out += xtext[at];
      continue;
    }
    const int high = xtext[at] == '+' && at + 2 < xtext.size() ? hex_digit(xtext[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(xtext[at + 2]) : -1;
    if (low < 0) return Error{Errc::Invalid, "bad xtext"};
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

base::Result<OriginalRecipient> parse_original_recipient(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0) return Error{Errc::Invalid, "ORCPT needs type;address"};
  OriginalRecipient out;
  out.type = base::lower(value.substr(0, semicolon));
  const std::string_view address = value.substr(semicolon + 1);
  if (out.type == "utf-8") {
    TRY_ASSIGN(out.address, decode_utf8_address(address));
  } else {
    TRY_ASSIGN(out.address, decode_xtext(address));
  }
  for (const char c : out.address) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return Error{Errc::Invalid, "control character in ORCPT"};
  }
  if (out.address.empty()) return Error{Errc::Invalid, "ORCPT needs type;address"};
  return out;
}

}  // namespace hearthmail::smtp
