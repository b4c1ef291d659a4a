// NAMESPACE, RFC 9051 §6.3.10: the personal one without a prefix, and the one of other users (RFC 2342 §5) for the mailboxes
// that other accounts share. They are below their owner's address and belong to his account, which is what that class
// means; the third class is for mailboxes that are nobody's own, and there are none.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {

base::Status name_space(Connection& connection, const parse::Command&) {
  connection.out += "* NAMESPACE ((\"\" \"/\")) ((\"";
  connection.out += kSharedPrefix;
  connection.out += "\" \"/\")) NIL\r\n";
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
