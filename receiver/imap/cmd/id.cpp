// ID, RFC 2971. What the client says of itself goes to the log, where it helps to explain odd behaviour.
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap::cmd {

base::Status id(Connection& connection, const parse::Command& command) {
  std::string client;
  for (const auto& [field, value] : std::get<parse::IdArgs>(command.args).pairs) {
    if (base::iequals(field, "name") || base::iequals(field, "version")) {
      if (!client.empty()) client += ' ';
      client += base::printable(value, 60);
    }
  }
  if (!client.empty()) log::debug("imap client", {{"user", connection.user()}, {"client", client}});
  connection.out += "* ID (\"name\" \"Hearthmail\" \"version\" \"" HEARTHMAIL_VERSION "\")\r\n";
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
