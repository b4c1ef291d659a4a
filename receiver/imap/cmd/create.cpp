// CREATE, RFC 9051 §6.3.4, with the special uses of RFC 6154 §3.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
#include "receiver/imap/object_id.hpp"
#include "receiver/imap/text/flags.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

// A mailbox has one use at most. What we do not know is refused; a use that is taken, the store refuses (RFC 6154 §3).
base::Result<mail::SpecialUse> wanted_use(const parse::CreateArgs& args) {
  if (args.uses.empty()) return mail::SpecialUse::None;
  const auto use = text::special_use(args.uses.front());
  if (args.uses.size() > 1 || use == mail::SpecialUse::None) {
    return base::Error{base::Errc::Unsupported, "unknown or several special uses"};
  }
  return use;
}

}  // namespace

Started create(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::CreateArgs>(command.args);
  TRY_ASSIGN(const auto use, wanted_use(args));
  // Shared by the write and by what comes after it on the loop.
  const auto id = std::make_shared<std::string>();
  const auto write = [account = connection.account(), name = args.mailbox, use,
                      id](mail::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto mailbox, mail::create_mailbox(txn, account, name, use));
    *id = mailbox_id(mailbox);
    return base::ok();
  };
  const auto after = [id, name = args.mailbox, supplied = args.supplied](Connection& at) -> base::Status {
    at.completion.code = "MAILBOXID (" + *id + ")";  // RFC 8474 §4.1
    if (!at.enabled().rev2 || supplied.empty()) return base::ok();
    return at.env().read([&](const mail::ReadTxn& txn) { return put_list_line(at, txn, name, supplied); });
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write, after));
}

}  // namespace hearthmail::receiver::imap::cmd
