// CREATE, RFC 9051 §6.3.4, with the special uses of RFC 6154 §3; below another account's mailbox it needs k there (RFC 4314
// §4).
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
#include "receiver/imap/object_id.hpp"
#include "receiver/imap/rights.hpp"
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
  TRY_ASSIGN(const auto target, find_new_target(connection, args.mailbox));
  if (!target.own() && use != mail::SpecialUse::None) {
    return base::Error{base::Errc::Unsupported, "special uses are the owner's to give"};
  }
  // Shared by the write and by what comes after it on the loop.
  const auto id = std::make_shared<std::string>();
  const auto write = [target, use, id](mail::WriteTxn& txn) -> base::Status {
    TRY(check_create(txn, target));
    TRY_ASSIGN(const auto mailbox, mail::create_mailbox(txn, target.owner, target.name, use));
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
