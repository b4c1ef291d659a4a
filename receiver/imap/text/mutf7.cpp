#include "receiver/imap/text/mutf7.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::text {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

// base64 with "," for "/" and without padding, RFC 3501 §5.1.3.
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

std::optional<std::uint32_t> sextet(char c) {
  const std::size_t at = kAlphabet.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(at);
}

bool is_direct(char32_t c) { return c >= 0x20 && c <= 0x7e; }

Error wrong(std::string_view what) {
  return Error{Errc::Invalid, "Mailbox name is not in modified UTF-7: " + std::string(what)};
}

void append_utf8(std::string& out, char32_t c) {
  const auto octet = [&out](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) {
    octet(c);
  } else if (c < 0x800) {
    octet(0xc0 | (c >> 6U));
    octet(0x80 | (c & 0x3fU));
  } else if (c < 0x10000) {
    octet(0xe0 | (c >> 12U));
    octet(0x80 | ((c >> 6U) & 0x3fU));
    octet(0x80 | (c & 0x3fU));
  } else {
    octet(0xf0 | (c >> 18U));
    octet(0x80 | ((c >> 12U) & 0x3fU));
    octet(0x80 | ((c >> 6U) & 0x3fU));
    octet(0x80 | (c & 0x3fU));
  }
}

// Collects UTF-16 units and writes them as UTF-8.
class Utf16Reader {
 public:
  explicit Utf16Reader(std::string& out) : out_(out) {}

  Status unit(std::uint32_t value) {
    const bool high = value >= 0xd800 && value < 0xdc00;
    const bool low = value >= 0xdc00 && value < 0xe000;
    if (low != (high_ != 0)) return wrong("a lone surrogate");
    if (high) {
      high_ = value;
      return base::ok();
    }
    const char32_t c = low ? 0x10000 + ((high_ - 0xd800) << 10U) + (value - 0xdc00) : value;
    high_ = 0;
    if (is_direct(c)) return wrong("printable ASCII inside \"&...-\"");
    append_utf8(out_, c);
    return base::ok();
  }
  bool pending() const { return high_ != 0; }

 private:
  std::string& out_;
  std::uint32_t high_ = 0;  // surrogate that waits for its other half
};

// What stands between "&" and "-".
Status decode_shifted(std::string_view encoded, std::string& out) {
  Utf16Reader reader(out);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : encoded) {
    const auto six = sextet(c);
    if (!six.has_value()) return wrong("not base64 after \"&\"");
    bits = (bits << 6U) | *six;
    count += 6;
    if (count < 16) continue;
    count -= 16;
    TRY(reader.unit((bits >> count) & 0xffffU));
    bits &= (1U << count) - 1;
  }
  if (reader.pending()) return wrong("a lone surrogate");
  if (count >= 6 || bits != 0) return wrong("a piece of a character before \"-\"");
  return base::ok();
}

// The code point at `at` of well-formed UTF-8; moves `at` behind it.
char32_t next_code_point(std::string_view utf8, std::size_t& at) {
  const auto octet = [&](std::size_t i) {
    return i < utf8.size() ? static_cast<char32_t>(static_cast<unsigned char>(utf8[i])) : char32_t{0};
  };
  const char32_t lead = octet(at);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  constexpr std::array<char32_t, 5> kLeadBits{0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t c = lead & kLeadBits[length];
  for (std::size_t i = 1; i < length; ++i) c = (c << 6U) | (octet(at + i) & 0x3fU);
  at += length;
  return c;
}

// Writes UTF-16 units as one "&...-" run.
class Shift {
 public:
  explicit Shift(std::string& out) : out_(out) {}

  void add(char32_t c) {
    if (!open_) out_ += '&';
    open_ = true;
    if (c >= 0x10000) {
      unit(0xd800 + ((c - 0x10000) >> 10U));
      unit(0xdc00 + ((c - 0x10000) & 0x3ffU));
    } else {
      unit(c);
    }
  }
  void close() {
    if (!open_) return;
    if (count_ > 0) out_ += kAlphabet[(bits_ << (6 - count_)) & 0x3fU];
    out_ += '-';
    open_ = false;
    bits_ = 0;
    count_ = 0;
  }

 private:
  void unit(char32_t value) {
    bits_ = (bits_ << 16U) | value;
    count_ += 16;
    while (count_ >= 6) {
      count_ -= 6;
      out_ += kAlphabet[(bits_ >> count_) & 0x3fU];
    }
    bits_ &= (1U << count_) - 1;
  }

  std::string& out_;
  bool open_ = false;
  std::uint32_t bits_ = 0;
  unsigned count_ = 0;
};

}  // namespace

Result<std::string> decode_mutf7(std::string_view name) {
  std::string out;
  bool after_shift = false;  // "&AAA-&BBB-" is one name in two spellings, so two runs may not touch
  for (std::size_t at = 0; at < name.size();) {
    const char c = name[at];
    if (!is_direct(static_cast<unsigned char>(c))) return wrong("an octet that is not printable ASCII");
    if (c != '&') {
      out += c;
      after_shift = false;
      ++at;
      continue;
    }
    const std::size_t end = name.find('-', at);
    if (end == std::string_view::npos) return wrong("\"&\" without \"-\"");
    const std::string_view encoded = name.substr(at + 1, end - at - 1);
    at = end + 1;
    if (encoded.empty()) {
      out += '&';
      after_shift = false;
      continue;
    }
    if (after_shift) return wrong("\"-&\" between two encoded characters");
    TRY(decode_shifted(encoded, out));
    after_shift = true;
  }
  return out;
}

std::string encode_mutf7(std::string_view utf8) {
  std::string out;
  Shift shift(out);
  for (std::size_t at = 0; at < utf8.size();) {
    const char32_t c = next_code_point(utf8, at);
    if (!is_direct(c)) {
      shift.add(c);
      continue;
    }
    shift.close();
    out += static_cast<char>(c);
    if (c == '&') out += '-';
  }
  shift.close();
  return out;
}

}  // namespace hearthmail::receiver::imap::text
