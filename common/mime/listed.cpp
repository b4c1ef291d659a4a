#include "common/mime/listed.hpp"

#include <algorithm>
#include <array>

namespace hearthmail::mime {

bool is_listed_field(std::string_view name) {
  static constexpr std::array<std::string_view, 23> kNames = {
      "date",         "from",       "sender",      "reply-to",    "to",          "cc",
      "bcc",          "subject",    "message-id",  "in-reply-to", "references",  "list-id",
      "list-post",    "newsgroups", "priority",    "x-priority",  "importance",  "content-type",
      "mime-version", "user-agent", "resent-from", "resent-to",   "delivered-to"};
  const auto same = [name](std::string_view known) { return base::iequals(known, name); };
  return std::any_of(kNames.begin(), kNames.end(), same);
}

}  // namespace hearthmail::mime
