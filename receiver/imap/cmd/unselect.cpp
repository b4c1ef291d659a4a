// UNSELECT, RFC 9051 §6.4.2: leaves the mailbox without expunging.
#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap::cmd {

base::Status unselect(Connection& connection, const parse::Command&) {
  connection.deselected();
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
