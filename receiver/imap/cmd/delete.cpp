// DELETE, RFC 9051 §6.3.5. A session that deletes its own selected mailbox is told that it is closed.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"

namespace hearthmail::receiver::imap::cmd {

namespace mail = store::mail;

Started remove(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::MailboxArgs>(command.args);
  TRY_ASSIGN(const auto mailbox, connection.env().read([&](const mail::ReadTxn& txn) {
    return mail::find_mailbox(txn, connection.account(), args.mailbox);
  }));
  const auto write = [box = mailbox.id](mail::WriteTxn& txn) { return mail::delete_mailbox(txn, box); };
  const auto after = [box = mailbox.id](Connection& at) {
    if (!at.has_view() || at.view().box() != box) return;
    at.deselected();
    at.out += "* OK [CLOSED] The selected mailbox has been deleted\r\n";
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write, after));
}

}  // namespace hearthmail::receiver::imap::cmd
