// ENABLE, RFC 5161, RFC 9051 §6.3.1: the answer names what this command has switched on; what we do not know is ignored.
#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

// True when `capability` (in capitals) was off and is on now.
bool switch_on(Connection& connection, std::string_view capability) {
  const Enabled before = connection.enabled();
  if (capability == "IMAP4REV2" && !before.rev2) {
    connection.enable_rev2();
    return true;
  }
  if (capability == "CONDSTORE" && !before.condstore) {
    connection.enable_condstore();
    return true;
  }
  if (capability == "QRESYNC" && !before.qresync) {
    connection.enable_qresync();
    return true;
  }
  if (capability == "UTF8=ACCEPT" && !before.utf8_accept) {
    connection.enable_utf8();
    return true;
  }
  if (capability == "UIDONLY" && !before.uid_only) {
    connection.enable_uid_only();
    return true;
  }
  return false;
}

}  // namespace

base::Status enable(Connection& connection, const parse::Command& command) {
  std::string enabled;
  for (const auto& capability : std::get<parse::EnableArgs>(command.args).capabilities) {
    if (!switch_on(connection, capability)) continue;
    enabled += capability == "IMAP4REV2" ? " IMAP4rev2" : " " + capability;
  }
  connection.out += "* ENABLED" + enabled + "\r\n";
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
