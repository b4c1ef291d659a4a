#include "store/mail/shared_name.hpp"

namespace hearthmail::store::mail {

std::string shared_name(std::string_view address, std::string_view mailbox) {
  std::string name(kSharedPrefix);
  for (const char c : address) {
    if (c == '/') name += "=2F";
    else if (c == '=') name += "=3D";
    else name += c;
  }
  return name.append("/").append(mailbox);
}

std::optional<SharedName> parse_shared_name(std::string_view name) {
  if (!name.starts_with(kSharedPrefix)) return std::nullopt;
  name.remove_prefix(kSharedPrefix.size());
  const auto cut = name.find('/');
  if (cut == std::string_view::npos || cut == 0 || cut + 1 == name.size()) return std::nullopt;
  SharedName shared;
  shared.mailbox = name.substr(cut + 1);
  for (std::size_t i = 0; i < cut; ++i) {
    if (name[i] != '=') {
      shared.address += name[i];
      continue;
    }
    const std::string_view code = name.substr(i, 3);
    if (code != "=2F" && code != "=3D") return std::nullopt;
    shared.address += code == "=2F" ? '/' : '=';
    i += 2;
  }
  return shared;
}

}  // namespace hearthmail::store::mail
