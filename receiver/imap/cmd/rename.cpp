// RENAME, RFC 9051 §6.3.6. In IMAP4rev2 the mailbox is shown with its old name; INBOX, which stays, is not.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"

namespace hearthmail::receiver::imap::cmd {

Started rename(Connection& connection, parse::Command& command) {
  const auto write = [account = connection.account(),
                      args = std::get<parse::RenameArgs>(command.args)](store::mail::WriteTxn& txn) {
    return store::mail::rename_mailbox(txn, account, args.from, args.to);
  };
  const auto after = [args = std::get<parse::RenameArgs>(command.args)](Connection& at) -> base::Status {
    if (!at.enabled().rev2 || args.from == "INBOX") return base::ok();
    return at.env().read([&](const store::mail::ReadTxn& txn) { return put_list_line(at, txn, args.to, args.from); });
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write, after));
}

}  // namespace hearthmail::receiver::imap::cmd
