// Address lists of header fields (From, To, Cc, ...): RFC 5322 §3.4 with the obsolete forms of §4.4 and raw UTF-8
// (RFC 6532). Iterative and linear; it never fails: what cannot be an address is passed over or kept as a local part.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::mime {

constexpr std::size_t kMaxAddresses = 1'000;  // entries of one list, group marks not counted; the rest is left out

struct ListedAddress {
  enum class Kind { Mailbox, GroupStart, GroupEnd };
  Kind kind = Kind::Mailbox;
  std::string
      name;  // display name or group name, unquoted, encoded words left as they are; a comment when there is none
  std::string route;   // obsolete source route, "@a,@b", without the colon
  std::string local;   // unquoted
  std::string domain;  // empty when there is none; "[192.0.2.1]" for a literal

  bool operator==(const ListedAddress&) const = default;
};

// `value` is the raw value of one field. Groups are never nested and always ended.
std::vector<ListedAddress> parse_address_list(std::string_view value);

}  // namespace hearthmail::mime
