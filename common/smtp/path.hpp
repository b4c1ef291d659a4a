// Reverse-path and forward-path of MAIL and RCPT, RFC 5321 §4.1.2. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/smtp/address.hpp"

namespace hearthmail::smtp {

struct Path {
  bool null = false;  // "<>", RFC 5321 §4.5.5
  Address address;    // empty when null; without domain for "<Postmaster>"
  // What stands between the brackets: "" or "local@domain".
  std::string str() const { return null ? std::string() : address.str(); }
};

// Cuts "<...>" off the front of `rest`. A source route ("<@a,@b:user@c>") is read and ignored (RFC 5321 §4.1.1.3).
// Errors: Invalid with the reason; OverLimit when longer than kMaxPath.
base::Result<Path> take_path(std::string_view& rest);

}  // namespace hearthmail::smtp
