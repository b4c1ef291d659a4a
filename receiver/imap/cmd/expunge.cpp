// EXPUNGE and UID EXPUNGE, RFC 9051 §6.4.3, §6.4.9. The responses come from the view's report after the command, which sees
// our own removals as it sees everybody's.
#include "common/base/sync_point.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/sets.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class ExpungeOperation : public Operation {
 public:
  ExpungeOperation(base::MailboxId box, std::vector<base::Uid> uids) : box_(box), uids_(std::move(uids)) {}

  base::Result<Next> step(Connection& connection) override {
    connection.completion.modseq = expunged_;
    if (written_ || uids_.empty()) return Next::Done;
    written_ = true;
    return Next::Write;
  }
  base::Status write(store::mail::WriteTxn& txn) override {
    TRY_ASSIGN(const auto expunged, store::mail::expunge(txn, box_, uids_, true));
    expunged_ = !expunged.empty();
    base::sync_point("expunge-after-write");
    return base::ok();
  }

 private:
  bool written_ = false;
  bool expunged_ = false;
  base::MailboxId box_;
  std::vector<base::Uid> uids_;
};

}  // namespace

Started expunge(Connection& connection, parse::Command& command) {
  const View& view = connection.view();
  if (view.read_only()) return read_only();
  const auto& args = std::get<parse::ExpungeArgs>(command.args);
  std::vector<base::Uid> uids;
  if (args.uids.has_value()) {
    TRY_ASSIGN(const auto ranges, messages_in(view, *args.uids, true));
    uids = uids_in(view, ranges);
  } else {
    uids = view.uids();
  }
  return std::unique_ptr<Operation>(new ExpungeOperation(view.box(), std::move(uids)));
}

}  // namespace hearthmail::receiver::imap::cmd
