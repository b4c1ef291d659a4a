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
// What the client wrote, without the dash, as SASLprep leaves it (RFC 4314 §3).
struct PreparedIdentifier {
  std::string name;
  bool negative = false;
};
// Protocol: it cannot be prepared, or nothing is left of it.
base::Result<PreparedIdentifier> prepare_identifier(std::string_view text);
// Invalid: no account of this server has that address.
base::Result<Identifier> find_identifier(const Connection& connection, const PreparedIdentifier& prepared);

}  // namespace hearthmail::receiver::imap::cmd
