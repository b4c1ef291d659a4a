#include <algorithm>

#include "common/base/text.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Errc;
using base::Error;
using base::Result;

namespace {

// C0, DEL and (in UTF-8) C1; RFC 9051 §5.1.
bool has_control(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (c < 0x20 || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xa0) return true;
  }
  return false;
}

}  // namespace

Result<std::string> normal_name(std::string_view name) {
  if (name.empty()) return Error{Errc::Invalid, "a mailbox name is empty"};
  if (name.size() > kMaxMailboxName) return Error{Errc::Invalid, "a mailbox name has over 1000 octets"};
  if (!base::is_utf8(name)) return Error{Errc::Invalid, "a mailbox name is not UTF-8"};
  if (has_control(name)) return Error{Errc::Invalid, "a mailbox name has a control character"};
  const auto levels = base::split(name, '/');
  if (levels.size() > kMaxMailboxLevels) return Error{Errc::Invalid, "a mailbox name has over 20 levels"};
  const auto empty = [](std::string_view level) { return level.empty(); };
  if (std::any_of(levels.begin(), levels.end(), empty)) {
    return Error{Errc::Invalid, "a mailbox name has an empty level"};
  }
  std::string normal(name);
  if (base::iequals(levels.front(), "INBOX")) normal.replace(0, 5, "INBOX");  // RFC 9051 §5.1
  return normal;
}

}  // namespace hearthmail::store::mail
