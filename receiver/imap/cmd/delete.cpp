// DELETE, RFC 9051 §6.3.5. A name that is only a level above mailboxes cannot be deleted (HASCHILDREN, §7.1). A session that deletes its own selected mailbox is told that it is closed.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {

namespace mail = store::mail;

namespace {

class HasChildren : public Operation {
 public:
  base::Result<Next> step(Connection& connection) override {
    connection.completion = {"NO", "HASCHILDREN", "The name has mailboxes below it and is none itself", false};
    return Next::Done;
  }
};

// The name is no mailbox: is it a level?
Started refuse_level(Connection& connection, const std::string& name, const base::Error& otherwise) {
  TRY_ASSIGN(const auto tree,
             connection.env().read([&](const mail::ReadTxn& txn) { return load_list_tree(txn, connection); }));
  const auto node = tree.nodes.find(name);
  if (node == tree.nodes.end() || !node->second.children) return otherwise;
  return std::unique_ptr<Operation>(new HasChildren);
}

}  // namespace

Started remove(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::MailboxArgs>(command.args);
  TRY_ASSIGN(const auto target, find_target(connection, args.mailbox));
  const auto found =
      connection.env().read([&](const mail::ReadTxn& txn) { return reach(txn, target, Right::DeleteMailbox); });
  if (!found.ok() && found.error().code == base::Errc::NotFound)
    return refuse_level(connection, args.mailbox, found.error());
  if (!found.ok()) return found.error();
  const auto box = std::make_shared<base::MailboxId>();
  const auto write = [target, box](mail::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto reached, reach(txn, target, Right::DeleteMailbox));
    *box = reached.mailbox.id;
    return mail::delete_mailbox(txn, *box);
  };
  const auto after = [box](Connection& at) -> base::Status {
    if (!at.has_view() || at.view().box() != *box) return base::ok();
    at.deselected();
    at.out += "* OK [CLOSED] The selected mailbox has been deleted\r\n";
    return base::ok();
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write, after));
}

}  // namespace hearthmail::receiver::imap::cmd
