// CLOSE, RFC 9051 §6.4.1: expunges without telling, then leaves the mailbox. HIGHESTMODSEQ in its answer (RFC 7162 §3.2.8)
// counts our expunge only when nothing of others lies before it that this session has not told. Without the right to expunge
// it only leaves, and says OK (RFC 4314 §4).
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class CloseOperation : public Operation {
 public:
  base::Result<Next> step(Connection& connection) override {
    if (!written_ && connection.view().may(Right::Expunge)) {
      written_ = true;
      holder_ = connection.holder();
      uids_ = connection.view().uids();
      if (!uids_.empty()) return Next::Write;
    }
    if (expunged_ && connection.enabled().condstore) {
      const View& view = connection.view();
      const bool only_ours = !view.withholds() && highest_.value == view.known().value + 1;
      connection.completion.code = "HIGHESTMODSEQ ";
      put_number(connection.completion.code, only_ours ? highest_.value : view.settled().value);
    }
    connection.deselected();
    return Next::Done;
  }
  base::Status write(store::mail::WriteTxn& txn) override {
    if (!check_rights(txn, holder_, Right::Expunge).ok()) return base::ok();  // withdrawn this moment
    TRY_ASSIGN(const auto expunged, store::mail::expunge(txn, holder_.box, uids_, true));
    TRY_ASSIGN(const auto mailbox, store::mail::load_mailbox(txn, holder_.box));
    expunged_ = !expunged.empty();
    highest_ = mailbox.highest_modseq;
    return base::ok();
  }

 private:
  bool written_ = false;
  bool expunged_ = false;
  base::ModSeq highest_;  // after the expunge
  Holder holder_;
  std::vector<base::Uid> uids_;
};

}  // namespace

Started close(Connection&, parse::Command&) { return std::unique_ptr<Operation>(new CloseOperation); }

}  // namespace hearthmail::receiver::imap::cmd
