// ENABLE, RFC 9051 §6.3.1. Nothing that we advertise needs enabling yet, and what we do not know is ignored.
#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap::cmd {

base::Status enable(Connection& connection, const parse::Command&) {
  connection.out += "* ENABLED\r\n";
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
