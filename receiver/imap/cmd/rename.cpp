// RENAME, RFC 9051 §6.3.6.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"

namespace hearthmail::receiver::imap::cmd {

Started rename(Connection& connection, parse::Command& command) {
  const auto write = [account = connection.account(),
                      args = std::get<parse::RenameArgs>(command.args)](store::mail::WriteTxn& txn) {
    return store::mail::rename_mailbox(txn, account, args.from, args.to);
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write));
}

}  // namespace hearthmail::receiver::imap::cmd
