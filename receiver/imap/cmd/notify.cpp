// NOTIFY, RFC 5465 §3: what is told from now on without being asked for. A new one replaces the one before; NONE, and every
// NOTIFY that is refused for its events, leaves nothing and the old one, respectively.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/watch.hpp"

namespace hearthmail::receiver::imap::cmd {

base::Status notify(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::NotifyArgs>(command.args);
  if (args.unknown_event) {
    connection.completion = {"NO", "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)",
                             "Some of the events are not known here", false};
    return base::ok();
  }
  if (args.groups.empty()) {
    connection.watch(nullptr);
    return base::ok();
  }
  auto watch = std::make_unique<Watch>(connection, args.groups);
  std::string told;
  const auto begin = [&](const store::mail::ReadTxn& txn) { return watch->begin(txn, args.status, told); };
  const base::Status begun = connection.env().read(begin);
  if (!begun.ok() && begun.error().code == base::Errc::OverLimit) {
    connection.completion = {"NO", "NOTIFICATIONOVERFLOW", "Too many mailboxes to watch", false};
    return base::ok();
  }
  TRY(begun);
  connection.out += told;
  connection.watch(std::move(watch));
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
