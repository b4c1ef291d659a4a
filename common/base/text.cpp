#include "common/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>
#include <numeric>

#include "common/base/ascii.hpp"

namespace hearthmail::base {

std::string lower(std::string_view text) {
  std::string out(text);
  lower_in_place(out.data(), out.size());
  return out;
}

namespace {

constexpr std::uint64_t kEach = 0x0101010101010101ULL;
constexpr std::uint64_t kHigh = 0x8080808080808080ULL;

// The high bit of every octet of `word` that is in [first, first + 26): letters of one case. Adding 0x80 - first to a 7-bit
// octet sets its high bit from `first` on.
std::uint64_t letters_from(std::uint64_t word, std::uint64_t first) {
  const std::uint64_t low = word & ~kHigh;
  return (low + kEach * (0x80 - first)) & ~(low + kEach * (0x80 - first - 26)) & ~word & kHigh;
}

// Flips the case bit, 0x20, of the letters from `first` on.
void flip_case(char* text, std::size_t octets, char first) {
  std::size_t at = 0;
  for (; at + 8 <= octets; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text + at, 8);
    word ^= letters_from(word, static_cast<unsigned char>(first)) >> 2U;
    std::memcpy(text + at, &word, 8);
  }
  for (; at < octets; ++at) text[at] = first == 'A' ? to_lower(text[at]) : to_upper(text[at]);
}

}  // namespace

void lower_in_place(char* text, std::size_t octets) { flip_case(text, octets, 'A'); }
void upper_in_place(char* text, std::size_t octets) { flip_case(text, octets, 'a'); }

std::string upper(std::string_view text) {
  std::string out(text);
  upper_in_place(out.data(), out.size());
  return out;
}

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const auto end = text.find(separator, start);
    parts.push_back(text.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = text.find_first_not_of(" \t\r\n,", at);
    if (first == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \t\r\n,", first), text.size());
    words.push_back(text.substr(first, at - first));
  }
  return words;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const auto& part : parts) {
    if (&part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<std::uint32_t> parse_u32(std::string_view text) {
  const auto value = parse_u64(text);
  if (!value || *value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

bool is_ascii(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & kHigh) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
  }
  return true;
}

bool is_utf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t i = 0;
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  while (i < text.size()) {
    std::uint64_t eight = 0;
    if (text.size() - i >= sizeof eight) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & kHighBits) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    const unsigned c = octet(i);
    std::size_t length = 0;
    unsigned least = 0x80;
    unsigned most = 0xBF;  // bounds of the second octet, RFC 3629 §4
    if (c < 0x80) length = 1;
    else if (c >= 0xC2 && c <= 0xDF) length = 2;
    else if (c >= 0xE0 && c <= 0xEF) {
      length = 3;
      if (c == 0xE0) least = 0xA0;
      if (c == 0xED) most = 0x9F;
    } else if (c >= 0xF0 && c <= 0xF4) {
      length = 4;
      if (c == 0xF0) least = 0x90;
      if (c == 0xF4) most = 0x8F;
    } else {
      return false;
    }
    if (i + length > text.size()) return false;
    if (length > 1 && (octet(i + 1) < least || octet(i + 1) > most)) return false;
    for (std::size_t k = 2; k < length; ++k) {
      if ((octet(i + k) & 0xC0U) != 0x80U) return false;
    }
    i += length;
  }
  return true;
}

std::string hex(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(octets.size() * 2);
  for (const char c : octets) {
    const auto value = static_cast<unsigned char>(c);
    out += kDigits[value >> 4U];
    out += kDigits[value & 15U];
  }
  return out;
}

namespace {
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int, 256> base64_values() {
  std::array<int, 256> values{};
  for (auto& value : values) value = -1;
  for (std::size_t i = 0; i < kBase64.size(); ++i) values[static_cast<unsigned char>(kBase64[i])] = static_cast<int>(i);
  return values;
}
}  // namespace

std::string base64(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, octets.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (k < left ? static_cast<unsigned char>(octets[i + k]) : 0U);
    }
    out += kBase64[(group >> 18U) & 63U];
    out += kBase64[(group >> 12U) & 63U];
    out += left > 1 ? kBase64[(group >> 6U) & 63U] : '=';
    out += left > 2 ? kBase64[group & 63U] : '=';
  }
  return out;
}

std::optional<std::string> unbase64(std::string_view text) {
  static constexpr auto kValues = base64_values();
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t pad = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      if (c == '=') {
        if (i + 4 != text.size() || k < 2) return std::nullopt;
        ++pad;
        group <<= 6U;
        continue;
      }
      const int value = kValues[static_cast<unsigned char>(c)];
      if (value < 0 || pad > 0) return std::nullopt;
      group = (group << 6U) | static_cast<std::uint32_t>(value);
    }
    out += static_cast<char>((group >> 16U) & 255U);
    if (pad < 2) out += static_cast<char>((group >> 8U) & 255U);
    if (pad < 1) out += static_cast<char>(group & 255U);
  }
  return out;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& choices) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& choice : choices) {
    std::vector<std::size_t> row(choice.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= choice.size(); ++j) {
        const std::size_t cost = to_lower(word[i - 1]) == to_lower(choice[j - 1]) ? 0 : 1;
        const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + cost});
        diagonal = row[j];
        row[j] = next;
      }
    }
    const bool begins = word.size() >= 3 && istarts_with(choice, word);  // "warn" means "warning"
    const std::size_t distance = begins ? 1 : row.back();
    if (distance < best_distance) {
      best_distance = distance;
      best = choice;
    }
  }
  return best;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) {
    const auto value = static_cast<unsigned char>(c);
    if (value >= 0x20 && value != 0x7F) {
      out += c;
    } else {
      std::array<char, 5> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(value));
      out += escape.data();
    }
  }
  if (text.size() > most) out += "...";
  return out;
}

}  // namespace hearthmail::base
