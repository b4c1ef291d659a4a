// CREATE, RFC 9051 §6.3.4, with the special uses of RFC 6154 §3.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
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
  const auto write = [account = connection.account(), name = args.mailbox, use](mail::WriteTxn& txn) -> base::Status {
    TRY(mail::create_mailbox(txn, account, name, use));
    return base::ok();
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write));
}

}  // namespace hearthmail::receiver::imap::cmd
