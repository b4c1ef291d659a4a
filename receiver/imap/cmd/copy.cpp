// COPY and MOVE, RFC 9051 §6.4.7, §6.4.8, with COPYUID (RFC 4315). One transaction: all of the messages or none.
#include "common/base/sync_point.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/sets.hpp"
#include "store/mail/quota.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

// MOVE takes the messages away: as STORE \Deleted and EXPUNGE do (RFC 6851 §4.4).
constexpr Rights kMoveRights{Right::DeleteMessages, Right::Expunge};

class CopyOperation : public Operation {
 public:
  CopyOperation(const Connection& connection, std::vector<base::Uid> uids, Target to, bool moves)
      : services_(connection.services()),
        from_(connection.holder()),
        uids_(std::move(uids)),
        to_(std::move(to)),
        moves_(moves) {}

  base::Result<Next> step(Connection& connection) override {
    if (!written_) {
      written_ = true;
      return Next::Write;
    }
    if (copied_.source.empty()) return Next::Done;
    std::string code = "COPYUID ";
    put_number(code, copied_.uid_validity);
    code += ' ';
    put_uid_set(code, copied_.source);
    code += ' ';
    put_uid_set(code, copied_.target);
    if (moves_) {
      // Before the EXPUNGE responses, which the report after the command sends (RFC 6851 §4.3).
      connection.out += "* OK [" + code + "] Moved\r\n";
      connection.completion.modseq = true;  // RFC 7162 §3.2.7 speaks of every removal
    } else {
      connection.completion.code = std::move(code);
    }
    return Next::Done;
  }
  // MOVE is how clients delete, so it may use the disk's reserve; COPY may not.
  base::Status write(mail::WriteTxn& txn) override {
    if (!moves_) TRY(services_.check_room(0));
    TRY(check_rights(txn, from_, moves_ ? kMoveRights : Rights()));
    TRY_ASSIGN(const auto target, reach(txn, to_, Right::Insert));
    const mail::FlagMask allowed = mail::flags_of(target.rights);  // others are not copied, RFC 4314 §4
    const base::AccountId owner = target.mailbox.account;
    TRY_ASSIGN(const base::Quota quota, services_.quota_of(owner));
    TRY_ASSIGN(const auto guard, mail::QuotaGuard::begin(txn, owner, quota));
    if (moves_) {
      TRY_ASSIGN(copied_, mail::move(txn, from_.box, uids_, target.mailbox.id, services_.clock.now(), allowed));
      base::sync_point("move-after-write");
    } else {
      TRY_ASSIGN(copied_, mail::copy(txn, from_.box, uids_, target.mailbox.id, services_.clock.now(), allowed));
      base::sync_point("copy-after-write");
    }
    return guard.end(txn);  // RFC 9208 §4.3.1; a MOVE within the account changes nothing
  }

 private:
  const Services& services_;
  Holder from_;
  std::vector<base::Uid> uids_;
  Target to_;
  bool moves_;
  bool written_ = false;
  mail::Copied copied_;
};

// COPY over the limit is refused, because it is done for all of its messages or for none; MOVE is done in part (RFC 9738 §3.1).
Started start(Connection& connection, const parse::CopyArgs& args, bool moves) {
  const View& view = connection.view();
  if (moves && !view.may(kMoveRights)) return not_allowed(view, kMoveRights);
  TRY_ASSIGN(auto ranges, messages_in(view, args.set, args.uid));
  TRY_ASSIGN(auto to, find_target(connection, args.mailbox));
  if (moves) {
    limit_messages(connection, ranges);
  } else {
    const std::uint32_t limit = connection.services().message_limit.of_saves();
    const auto lowest = keep_highest(ranges, limit);
    if (lowest.has_value()) return too_many(limit, view.uid_at(*lowest));
  }
  return std::unique_ptr<Operation>(new CopyOperation(connection, uids_in(view, ranges), std::move(to), moves));
}

}  // namespace

Started copy(Connection& connection, parse::Command& command) {
  return start(connection, std::get<parse::CopyArgs>(command.args), false);
}

Started move(Connection& connection, parse::Command& command) {
  return start(connection, std::get<parse::CopyArgs>(command.args), true);
}

}  // namespace hearthmail::receiver::imap::cmd
