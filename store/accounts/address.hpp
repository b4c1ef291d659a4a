// Addresses as the accounts tables know them. Private to store/accounts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::store::accounts {

constexpr std::size_t kMaxLocalPart = 64;  // octets, RFC 5321 §4.5.3.1.1
constexpr std::size_t kMaxDomain = 253;    // octets of the A-label form without a final dot, RFC 1035 §2.3.4
constexpr std::size_t kMaxLabel = 63;      // octets, RFC 1035 §2.3.4

struct LocalAddress {
  std::string local;        // unquoted, as given
  std::string domain;       // lower-case A-labels
  std::string str() const;  // the local part quoted where RFC 5321 §4.1.2 needs it
  std::string key() const;  // str() in lower case (ASCII): the key of every table
  // The same address without "+tag"; itself when it has none. "+x@d" has none: nothing would be left.
  LocalAddress untagged() const;
};

// Errors: Invalid with what is wrong.
base::Result<LocalAddress> parse_local_address(std::string_view text);
// IDNA2008 with the mapping of UTS #46 (non-transitional), lower-case A-labels. Errors: Invalid.
base::Result<std::string> normalize_domain(std::string_view domain);

}  // namespace hearthmail::store::accounts
