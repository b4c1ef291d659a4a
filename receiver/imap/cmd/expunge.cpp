// EXPUNGE and UID EXPUNGE, RFC 9051 §6.4.3, §6.4.9. The responses come from the view's report after the command, which sees
// our own removals as it sees everybody's.
#include <algorithm>

#include "common/base/sync_point.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/sets.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class ExpungeOperation : public Operation {
 public:
  // `limit`: of messages with \Deleted (RFC 9738 §3.1); 0: none.
  ExpungeOperation(Holder holder, std::vector<base::Uid> uids, std::uint32_t limit)
      : holder_(holder), uids_(std::move(uids)), limit_(limit) {}

  base::Result<Next> step(Connection& connection) override {
    connection.completion.modseq = expunged_;
    connection.limited_to = limited_to_;
    if (written_ || uids_.empty()) return Next::Done;
    written_ = true;
    return Next::Write;
  }
  base::Status write(store::mail::WriteTxn& txn) override {
    TRY(check_rights(txn, holder_, Right::Expunge));
    limited_to_ = {};
    std::vector<base::Uid> highest;
    if (limit_ != 0 && uids_.size() > limit_) {
      TRY_ASSIGN(highest, highest_deleted(txn));
    }
    const bool limited = !highest.empty();
    if (limited) limited_to_ = highest.front();
    TRY_ASSIGN(const auto expunged, store::mail::expunge(txn, holder_.box, limited ? highest : uids_, true));
    expunged_ = !expunged.empty();
    base::sync_point("expunge-after-write");
    return base::ok();
  }

 private:
  // The limit_ highest with \Deleted, ascending; nothing when there are no more.
  base::Result<std::vector<base::Uid>> highest_deleted(const store::mail::ReadTxn& txn) const {
    std::vector<base::Uid> deleted;
    const auto each = [&](const store::mail::Message& message) {
      const bool is_deleted = (message.flags.system & store::mail::kDeleted) != 0;
      if (is_deleted && std::binary_search(uids_.begin(), uids_.end(), message.uid)) deleted.push_back(message.uid);
      return true;
    };
    TRY(store::mail::scan_messages(txn, holder_.box, uids_.front(), uids_.back(), each));
    if (deleted.size() <= limit_) return std::vector<base::Uid>();
    deleted.erase(deleted.begin(), deleted.end() - static_cast<std::ptrdiff_t>(limit_));
    return deleted;
  }

  bool written_ = false;
  bool expunged_ = false;
  base::Uid limited_to_;
  Holder holder_;
  std::vector<base::Uid> uids_;
  std::uint32_t limit_;
};

}  // namespace

Started expunge(Connection& connection, parse::Command& command) {
  const View& view = connection.view();
  if (!view.may(Right::Expunge)) return not_allowed(view, Right::Expunge);
  const auto& args = std::get<parse::ExpungeArgs>(command.args);
  std::vector<base::Uid> uids;
  std::uint32_t limit = 0;  // EXPUNGE is never limited
  if (args.uids.has_value()) {
    limit = connection.services().message_limit.all;
    TRY_ASSIGN(const auto ranges, messages_in(view, *args.uids, true));
    uids = uids_in(view, ranges);
  } else {
    uids = view.uids();
  }
  return std::unique_ptr<Operation>(new ExpungeOperation(connection.holder(), std::move(uids), limit));
}

}  // namespace hearthmail::receiver::imap::cmd
