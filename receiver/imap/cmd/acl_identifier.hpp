// Access identifiers, RFC 4314 §2: "anyone", an account's address, either with a dash before it (negative rights).
#pragma once

#include <string>
#include <string_view>

#include "receiver/imap/state.hpp"
#include "store/mail/acl.hpp"

namespace hearthmail::receiver::imap::cmd {

struct Identifier {
  base::AccountId account;  // or kAnyone
  bool negative = false;
};
// Invalid: no account of this server has that address.
base::Result<Identifier> find_identifier(const Connection& connection, std::string_view text);

}  // namespace hearthmail::receiver::imap::cmd
