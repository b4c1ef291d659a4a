#include "common/mime/fold.hpp"

#include <glib.h>
#include <iconv.h>

#include <algorithm>
#include <memory>

#include "common/base/text.hpp"
#include "common/mime/decode.hpp"

namespace hearthmail::mime {

namespace {

struct Free {
  void operator()(gchar* text) const { g_free(text); }
};
using GText = std::unique_ptr<gchar, Free>;

}  // namespace

std::string fold_case(std::string_view text) {
  if (base::is_ascii(text)) return base::lower(text);
  const GText valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  const GText decomposed(g_utf8_normalize(valid.get(), -1, G_NORMALIZE_ALL));
  if (!decomposed) return base::lower(text);
  const GText folded(g_utf8_casefold(decomposed.get(), -1));
  // One form for equal texts, and a composed one: a search for "gru" must not find the "u" in "grün".
  const GText again(g_utf8_normalize(folded.get(), -1, G_NORMALIZE_ALL_COMPOSE));
  return again ? std::string(again.get()) : std::string(folded.get());
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
