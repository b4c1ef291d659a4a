// NOOP and CHECK: the news of the mailbox is reported after every command, so there is nothing left to do here.
// RFC 9051 §6.1.2, RFC 3501 §6.4.1.
#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap::cmd {

base::Status noop(Connection&, const parse::Command&) { return base::ok(); }

}  // namespace hearthmail::receiver::imap::cmd
