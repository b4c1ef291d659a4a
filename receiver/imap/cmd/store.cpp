// STORE and UID STORE, RFC 9051 §6.4.6: writes in batches, then answers with the flags of the messages.
#include <algorithm>
#include <span>

#include "common/base/sync_point.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/sets.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;
using base::Uid;

// The rights that a STORE asks for, RFC 4314 §4. What it replaces is every flag.
Rights rights_for(const parse::StoreArgs& args) {
  Rights rights;
  if ((args.flags.system & mail::kSeen) != 0) rights = rights.with(Right::KeepSeen);
  if ((args.flags.system & mail::kDeleted) != 0) rights = rights.with(Right::DeleteMessages);
  const bool others = (args.flags.system & ~(mail::kSeen | mail::kDeleted)) != 0 || !args.flags.keywords.empty();
  if (others) rights = rights.with(Right::Write);
  const bool clears = rights.empty() && args.mode == parse::StoreMode::Replace;
  return clears ? Rights{Right::KeepSeen, Right::DeleteMessages, Right::Write} : rights;
}

mail::FlagChange change_of(const parse::StoreArgs& args) {
  mail::FlagChange change;
  switch (args.mode) {
    case parse::StoreMode::Replace: change.mode = mail::FlagMode::Replace; break;
    case parse::StoreMode::Add: change.mode = mail::FlagMode::Add; break;
    case parse::StoreMode::Remove: change.mode = mail::FlagMode::Remove; break;
  }
  change.system = args.flags.system;
  change.keywords = args.flags.keywords;
  return change;
}

class StoreOperation : public Operation {
 public:
  StoreOperation(const View& view, Holder holder, const Enabled& enabled, const parse::StoreArgs& args,
                 std::vector<Uid> uids)
      : box_(view.box()),
        holder_(holder),
        known_(view.known()),
        undisturbed_(view.known()),
        uid_(args.uid),
        silent_(args.silent),
        condstore_(enabled.condstore),
        tells_uid_(args.uid || enabled.qresync),
        change_(change_of(args)),
        uids_(std::move(uids)) {
    needed_ = rights_for(args).both(view.rights());
    if (args.unchanged_since.has_value()) unchanged_since_ = base::ModSeq{*args.unchanged_since};
  }

  base::Result<Next> step(Connection& connection) override {
    if (phase_ == Phase::Answer) {
      TRY(answer(connection));
      if (answered_ < end_) return Next::Again;
      written_ = end_;
    }
    if (written_ == uids_.size()) {
      finish(connection);
      return Next::Done;
    }
    end_ = std::min(uids_.size(), written_ + kStoreBatch);
    phase_ = Phase::Answer;
    return Next::Write;
  }

  std::optional<Progress> progress() const override { return Progress{written_, uids_.size()}; }

  base::Status write(mail::WriteTxn& txn) override {
    const auto batch = std::span<const Uid>(uids_).subspan(written_, end_ - written_);
    told_.clear();
    TRY_ASSIGN(const Rights rights, check_rights(txn, holder_, needed_));
    change_.allowed = mail::flags_of(rights);
    TRY(find_foreign(txn, batch));
    TRY_ASSIGN(stored_, mail::store_flags(txn, box_, batch, change_, unchanged_since_));
    base::sync_point("store-after-write");
    for (const Uid uid : stored_.changed) {
      if (!std::binary_search(foreign_.begin(), foreign_.end(), uid)) told_.push_back(uid);
    }
    return base::ok();
  }

 private:
  enum class Phase { Write, Answer };

  // .SILENT keeps quiet about our own change only: what another session changed before it must still be told
  // (RFC 9051 §6.4.6).
  base::Status find_foreign(const mail::ReadTxn& txn, std::span<const Uid> batch) {
    foreign_.clear();
    if (!silent_) return base::ok();
    TRY_ASSIGN(const auto mailbox, mail::load_mailbox(txn, box_));
    alone_ = mailbox.highest_modseq <= undisturbed_;
    if (alone_) return base::ok();  // nothing to look for, which is how it mostly is
    for (const Uid uid : batch) {
      TRY_ASSIGN(const auto message, mail::find_message(txn, box_, uid));
      if (message.has_value() && message->modseq > known_ && message->modseq != own_) foreign_.push_back(uid);
    }
    return base::ok();
  }

  base::Status answer(Connection& connection) {
    View& view = connection.view();
    if (answered_ == written_) {
      own_ = stored_.modseq;
      if (alone_) undisturbed_ = own_;
      view.told(told_, stored_.modseq);
      modified_.insert(modified_.end(), stored_.modified.begin(), stored_.modified.end());
    }
    return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
      if (silent_ && !condstore_) return learn(txn, connection);
      const std::size_t start = connection.out.size();
      while (answered_ < end_ && connection.out.size() - start < kStepOctets) {
        if (is_told(uids_[answered_])) TRY(put_flags_of(txn, connection, uids_[answered_]));
        ++answered_;
      }
      return base::ok();
    });
  }

  // Not those that failed the test; silently only what the client must know: the new mod-sequences, of a conditional STORE
  // for every message that passed (RFC 7162 §3.1.3). What others changed is left to the report.
  bool is_told(Uid uid) const {
    const auto has = [uid](const std::vector<Uid>& list) { return std::binary_search(list.begin(), list.end(), uid); };
    if (has(stored_.modified) || has(told_)) return has(told_);
    return silent_ ? unchanged_since_.has_value() && !has(foreign_) : true;
  }

  // A keyword that was new is told even when the flags are not.
  base::Status learn(const mail::ReadTxn& txn, Connection& connection) {
    answered_ = end_;
    if (change_.keywords.empty() || told_.empty()) return base::ok();
    TRY_ASSIGN(const auto message, mail::find_message(txn, box_, told_.front()));
    if (!message.has_value()) return base::ok();
    return connection.view().learn_keywords(txn, message->flags, connection.out);
  }

  base::Status put_flags_of(const mail::ReadTxn& txn, Connection& connection, Uid uid) {
    View& view = connection.view();
    TRY_ASSIGN(const auto message, mail::find_message(txn, box_, uid));
    if (!message.has_value()) {
      missing_ = true;
      return base::ok();
    }
    const auto index = view.index_of(uid);
    if (!index.has_value()) return base::ok();
    TRY(view.learn_keywords(txn, message->flags, connection.out));
    view.put_fetch(connection.out, *index, *message, {tells_uid_, !silent_, condstore_}, connection.enabled());
    return base::ok();
  }

  void finish(Connection& connection) const {
    if (missing_ && !uid_) {
      connection.completion = {"NO", "EXPUNGEISSUED", "Some of the messages no longer exist", false};
    }
    if (modified_.empty()) return;
    connection.completion.code = "MODIFIED " + modified_set(connection.view());
    if (!missing_) connection.completion.text = "Some of the messages have changed since";
  }

  std::string modified_set(const View& view) const {
    std::string set;
    if (uid_) {
      put_uid_set(set, modified_);
      return set;
    }
    parse::NumSet numbers;
    for (const Uid uid : modified_) {
      const auto index = view.index_of(uid);
      if (index.has_value()) numbers.add_ascending(static_cast<std::uint32_t>(*index + 1));
    }
    return numbers.to_string();
  }

  base::MailboxId box_;
  Holder holder_;
  Rights needed_;  // those that it uses
  base::ModSeq known_;
  base::ModSeq own_;
  base::ModSeq undisturbed_;  // nothing up to here is of another session and not told yet
  bool alone_ = false;        // no other session had changed anything before the batch
  bool uid_;
  bool silent_;
  bool condstore_;
  bool tells_uid_;
  mail::FlagChange change_;
  std::vector<Uid> uids_;
  Phase phase_ = Phase::Write;
  std::size_t written_ = 0;  // uids_ up to here are written and answered
  std::size_t end_ = 0;      // of the batch being written or answered
  std::size_t answered_ = 0;
  bool missing_ = false;
  std::optional<base::ModSeq> unchanged_since_;
  std::vector<Uid> modified_;  // of all batches, ascending
  mail::Stored stored_;
  std::vector<Uid> told_;
  std::vector<Uid> foreign_;  // ascending
};

}  // namespace

Started store(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::StoreArgs>(command.args);
  const View& view = connection.view();
  // Flags that the user may not change are passed over; a STORE fails only when none is left (RFC 4314 §4).
  const Rights wanted = rights_for(args);
  if (view.examined() || !(wanted.empty() || view.rights().has_any(wanted))) return not_allowed(view, wanted);
  TRY_ASSIGN(auto ranges, messages_in(view, args.set, args.uid));
  limit_messages(connection, ranges);
  if (args.unchanged_since.has_value()) connection.enable_condstore();
  return std::unique_ptr<Operation>(
      new StoreOperation(view, connection.holder(), connection.enabled(), args, uids_in(view, ranges)));
}

}  // namespace hearthmail::receiver::imap::cmd
