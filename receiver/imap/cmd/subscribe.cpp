// SUBSCRIBE and UNSUBSCRIBE, RFC 9051 §6.3.7, §6.3.8. A name may be subscribed without existing, so that a subscription
// outlives its mailbox, as the RFC wants it.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"

namespace hearthmail::receiver::imap::cmd {

Started subscribe(Connection& connection, parse::Command& command) {
  const auto write = [account = connection.account(), name = std::get<parse::MailboxArgs>(command.args).mailbox,
                      on = command.verb == parse::Verb::Subscribe](store::mail::WriteTxn& txn) {
    return store::mail::set_subscribed(txn, account, name, on);
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write));
}

}  // namespace hearthmail::receiver::imap::cmd
