// CLOSE, RFC 9051 §6.4.1: expunges without telling, then leaves the mailbox.
#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class CloseOperation : public Operation {
 public:
  base::Result<Next> step(Connection& connection) override {
    if (!written_ && !connection.view().read_only()) {
      written_ = true;
      box_ = connection.view().box();
      uids_ = connection.view().uids();
      if (!uids_.empty()) return Next::Write;
    }
    connection.deselected();
    return Next::Done;
  }
  base::Status write(store::mail::WriteTxn& txn) override {
    TRY(store::mail::expunge(txn, box_, uids_, true));
    return base::ok();
  }

 private:
  bool written_ = false;
  base::MailboxId box_;
  std::vector<base::Uid> uids_;
};

}  // namespace

Started close(Connection&, parse::Command&) { return std::unique_ptr<Operation>(new CloseOperation); }

}  // namespace hearthmail::receiver::imap::cmd
