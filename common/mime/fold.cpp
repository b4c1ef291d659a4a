#include "common/mime/fold.hpp"

#include <glib.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <memory>

#include "common/base/text.hpp"
#include "common/mime/decode.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::size_t kMostParts = 18;  // characters that one decomposes to: U+FDFA; G_UNICHAR_MAX_DECOMPOSITION_LENGTH

// The simple titlecase mapping of UnicodeData.txt. GLib knows it of letters only; these are the others that have one.
gunichar to_title(gunichar c) {
  if (c == 0x0345) return 0x0399;                   // combining iota subscript
  if (c >= 0x2170 && c <= 0x217F) return c - 0x10;  // small Roman numerals
  if (c >= 0x24D0 && c <= 0x24E9) return c - 0x1A;  // circled small letters
  return g_unichar_totitle(c);
}

void append_folded(std::string& out, gunichar c) {
  std::array<gunichar, kMostParts> parts{};
  const gsize count = g_unichar_fully_decompose(to_title(c), TRUE, parts.data(), parts.size());
  for (gsize i = 0; i < std::min<gsize>(count, parts.size()); ++i) {
    std::array<gchar, 6> octets{};
    out.append(octets.data(), static_cast<std::size_t>(g_unichar_to_utf8(parts[i], octets.data())));
  }
}

}  // namespace

std::string fold_case(std::string_view text) {
  if (base::is_ascii(text)) return base::upper(text);
  const std::string valid = clean_utf8(text);
  std::string out;
  out.reserve(valid.size() + valid.size() / 4);
  const char* at = valid.data();
  const char* const end = at + valid.size();
  while (at < end) {
    if (static_cast<unsigned char>(*at) < 0x80) {
      out += base::to_upper(*at++);
      continue;
    }
    append_folded(out, g_utf8_get_char(at));
    at = g_utf8_next_char(at);
  }
  return out;
}

std::string compose(std::string_view text) {
  std::string out(text);
  if (base::is_ascii(text) || !base::is_utf8(text)) return out;
  const std::unique_ptr<gchar, decltype(&g_free)> composed(
      g_utf8_normalize(out.data(), static_cast<gssize>(out.size()), G_NORMALIZE_NFC), &g_free);
  if (composed != nullptr && text.find('\0') == std::string_view::npos) out = composed.get();
  return out;
}

bool is_known_charset(std::string_view charset) {
  // A name without iconv's suffixes and paths, as decode.hpp takes it.
  const auto allowed = [](char c) {
    return base::is_alnum(c) || std::string_view("-_.:+").find(c) != std::string_view::npos;
  };
  if (charset.empty() || charset.size() > kMaxCharsetName || !std::all_of(charset.begin(), charset.end(), allowed)) {
    return false;
  }
  const iconv_t handle = iconv_open("UTF-8", std::string(charset).c_str());
  if (handle == reinterpret_cast<iconv_t>(-1)) return false;
  iconv_close(handle);
  return true;
}

}  // namespace hearthmail::mime
