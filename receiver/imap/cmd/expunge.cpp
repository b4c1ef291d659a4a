// EXPUNGE and UID EXPUNGE, RFC 9051 §6.4.3, §6.4.9. The responses come from the view's report after the command, which sees
// our own removals as it sees everybody's.
#include "common/base/sync_point.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/sets.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class ExpungeOperation : public Operation {
 public:
  ExpungeOperation(Holder holder, std::vector<base::Uid> uids) : holder_(holder), uids_(std::move(uids)) {}

  base::Result<Next> step(Connection& connection) override {
    connection.completion.modseq = expunged_;
    if (written_ || uids_.empty()) return Next::Done;
    written_ = true;
    return Next::Write;
  }
  base::Status write(store::mail::WriteTxn& txn) override {
    TRY(check_rights(txn, holder_, Right::Expunge));
    TRY_ASSIGN(const auto expunged, store::mail::expunge(txn, holder_.box, uids_, true));
    expunged_ = !expunged.empty();
    base::sync_point("expunge-after-write");
    return base::ok();
  }

 private:
  bool written_ = false;
  bool expunged_ = false;
  Holder holder_;
  std::vector<base::Uid> uids_;
};

}  // namespace

Started expunge(Connection& connection, parse::Command& command) {
  const View& view = connection.view();
  if (!view.may(Right::Expunge)) return not_allowed(view, Right::Expunge);
  const auto& args = std::get<parse::ExpungeArgs>(command.args);
  std::vector<base::Uid> uids;
  if (args.uids.has_value()) {
    TRY_ASSIGN(const auto ranges, messages_in(view, *args.uids, true));
    uids = uids_in(view, ranges);
  } else {
    uids = view.uids();
  }
  return std::unique_ptr<Operation>(new ExpungeOperation(connection.holder(), std::move(uids)));
}

}  // namespace hearthmail::receiver::imap::cmd
