// NAMESPACE, RFC 9051 §6.3.10: one personal namespace without a prefix.
#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap::cmd {

base::Status name_space(Connection& connection, const parse::Command&) {
  connection.out += "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n";
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
