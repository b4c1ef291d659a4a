#include "common/auth/saslprep.hpp"

#include <stringprep.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "common/base/text.hpp"

namespace hearthmail::auth {

namespace {
// RFC 4013 §2 leaves printable ASCII as it is.
bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}
}  // namespace

std::optional<std::string> saslprep(std::string_view text) {
  if (is_printable_ascii(text)) return std::string(text);
  if (!base::is_utf8(text) || text.find('\0') != std::string_view::npos) return std::nullopt;
  char* prepared = nullptr;
  const int code = stringprep_profile(std::string(text).c_str(), &prepared, "SASLprep", {});
  const std::unique_ptr<char, decltype(&std::free)> owner(prepared, &std::free);
  if (code != STRINGPREP_OK) return std::nullopt;
  return std::string(prepared);
}

}  // namespace hearthmail::auth
