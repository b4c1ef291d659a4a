// CREATE, RFC 9051 §6.3.4, with the special uses of RFC 6154 §3.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
#include "receiver/imap/text/flags.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

// One use per mailbox, one mailbox per use: anything else is refused as RFC 6154 §3 allows.
base::Result<mail::SpecialUse> wanted_use(const Connection& connection, const parse::CreateArgs& args) {
  if (args.uses.empty()) return mail::SpecialUse::None;
  const auto use = text::special_use(args.uses.front());
  if (args.uses.size() > 1 || use == mail::SpecialUse::None) {
    return base::Error{base::Errc::Unsupported, "That special use cannot be given"};
  }
  const auto taken = connection.env().read(
      [&](const mail::ReadTxn& txn) { return mail::find_special(txn, connection.account(), use); });
  if (taken.ok()) return base::Error{base::Errc::Unsupported, "Another mailbox has that special use"};
  if (taken.error().code != base::Errc::NotFound) return taken.error();
  return use;
}

class RefusedUse : public Operation {
 public:
  explicit RefusedUse(std::string text) : text_(std::move(text)) {}
  base::Result<Next> step(Connection& connection) override {
    connection.completion = {"NO", "USEATTR", text_};
    return Next::Done;
  }

 private:
  std::string text_;
};

}  // namespace

Started create(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::CreateArgs>(command.args);
  const auto use = wanted_use(connection, args);
  if (!use.ok()) {
    if (use.error().code != base::Errc::Unsupported) return use.error();
    return std::unique_ptr<Operation>(new RefusedUse(use.error().text));
  }
  const auto write = [account = connection.account(), name = args.mailbox,
                      use = *use](mail::WriteTxn& txn) -> base::Status {
    TRY(mail::create_mailbox(txn, account, name, use));
    return base::ok();
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write));
}

}  // namespace hearthmail::receiver::imap::cmd
