// RENAME, RFC 9051 §6.3.6. In IMAP4rev2 the mailbox is shown with its old name; INBOX, which stays, is not. Another account's
// mailbox: x on it and on each that moves along, k where it goes (RFC 4314 §4). Its access list goes with it.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

// May the user take `from`, and all that lies below it, to `to`?
base::Status check_rename(const mail::ReadTxn& txn, const Target& from, const Target& to) {
  if (from.own()) return base::ok();
  TRY_ASSIGN(const auto reached, reach(txn, from, Right::DeleteMailbox));
  if (reached.mailbox.name == "INBOX")
    return base::Error{base::Errc::Invalid, "Another user's INBOX cannot be renamed"};
  TRY(check_create(txn, to));
  TRY_ASSIGN(const auto all, mail::list_mailboxes(txn, from.owner));
  for (const auto& mailbox : all) {
    if (!mailbox.name.starts_with(reached.mailbox.name + "/")) continue;
    TRY_ASSIGN(const Rights rights, mail::rights_of(txn, mailbox, from.user));
    if (rights.has(Right::DeleteMailbox)) continue;
    return base::Error{base::Errc::Denied, "You may not rename every mailbox below it"};
  }
  return base::ok();
}

}  // namespace

Started rename(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::RenameArgs>(command.args);
  TRY_ASSIGN(const auto from, find_target(connection, args.from));
  TRY_ASSIGN(const auto to, find_new_target(connection, args.to));
  const auto write = [from, to](mail::WriteTxn& txn) -> base::Status {
    if (from.owner != to.owner) {
      TRY(reach(txn, from, Right::DeleteMailbox));
      return base::Error{base::Errc::Invalid, "A mailbox stays in the account of its owner"};
    }
    TRY(check_rename(txn, from, to));
    return mail::rename_mailbox(txn, from.owner, from.name, to.name);
  };
  const auto after = [args = std::get<parse::RenameArgs>(command.args)](Connection& at) -> base::Status {
    if (!at.enabled().rev2 || args.from == "INBOX") return base::ok();
    return at.env().read([&](const store::mail::ReadTxn& txn) { return put_list_line(at, txn, args.to, args.from); });
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write, after));
}

}  // namespace hearthmail::receiver::imap::cmd
