// Addresses and paths of SMTP, RFC 5321 §4.1.2, with RFC 6531's UTF-8. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::smtp {

constexpr std::size_t kMaxLocalPart = 64;  // octets, RFC 5321 §4.5.3.1.1
constexpr std::size_t kMaxDomain = 255;    // octets, RFC 5321 §4.5.3.1.2
constexpr std::size_t kMaxPath = 256;      // octets with brackets, RFC 5321 §4.5.3.1.3

struct Address {
  std::string local;   // unquoted
  std::string domain;  // as given; "[192.0.2.1]" for an address literal
  bool utf8 = false;   // has octets over 127: needs SMTPUTF8
  // "local@domain", the local part quoted where RFC 5321 needs it.
  std::string str() const;
};

// A whole mailbox, "local@domain". Errors: Invalid with the reason.
base::Result<Address> parse_address(std::string_view text);

}  // namespace hearthmail::smtp
