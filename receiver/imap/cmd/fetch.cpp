// FETCH and UID FETCH, RFC 9051 §6.4.5: in steps of about 64 KiB, each with a read transaction of its own. When the items
// set \Seen, a batch of messages is marked first and then shown with its new flags.
#include <algorithm>

#include "common/log/log.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/fetch_batch.hpp"
#include "receiver/imap/fetch_line.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/sets.hpp"
#include "receiver/imap/vanished.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;
using base::Uid;

class FetchOperation : public Operation {
 public:
  FetchOperation(Connection& connection, parse::FetchArgs args, std::vector<IndexRange> ranges)
      : view_(connection.view()),
        box_(view_.box()),
        holder_(connection.holder()),
        args_(std::move(args)),
        ranges_(std::move(ranges)),
        line_(args_, connection.enabled()),
        batch_(connection.env(), connection.services().workers, args_, connection.enabled()) {
    marks_ = view_.may(Right::KeepSeen) &&  // RFC 4314 §4
             std::any_of(args_.items.begin(), args_.items.end(), [](const auto& item) { return item.sets_seen(); });
    batches_ = !marks_ && FetchBatch::suits(args_);
    if (!ranges_.empty()) at_ = ranges_.front().first;
  }

  base::Result<Next> step(Connection& connection) override {
    if (marking_) note_marked(connection.view());
    if (!batch_.empty()) {
      if (!batch_.help()) return Next::Work;
      TRY(take_batch(connection.out));
    }
    if (done()) return finish(connection);
    if (batches_ && !line_.open()) {
      TRY(fill_batch(connection));
      if (!batch_.empty()) return Next::Again;  // what the last one gave is written meanwhile
    }
    if (marks_ && !line_.open() && at_ >= marked_to_) {
      TRY(find_unseen(connection));
      if (!unseen_.empty()) {
        marking_ = true;
        return Next::Write;
      }
    }
    TRY(render(connection));
    if (line_.wants_worker()) {
      env_ = &connection.env();
      return Next::Work;
    }
    return done() ? finish(connection) : base::Result<Next>(Next::Again);
  }

  base::Status work() override {
    if (!batch_.empty()) {
      batch_.wait();
      return base::ok();
    }
    return env_->read([this](const mail::ReadTxn& txn) -> base::Status {
      line_.decode(txn);
      return base::ok();
    });
  }

  base::Status write(mail::WriteTxn& txn) override {
    mail::FlagChange change;
    change.system = mail::kSeen;
    TRY(check_rights(txn, holder_, Right::KeepSeen));
    TRY_ASSIGN(stored_, mail::store_flags(txn, box_, unseen_, change));
    return base::ok();
  }

  // Mail must stay readable when nothing can be written (a full disk): it is then shown without being marked.
  base::Status write_failed(const base::Error&) override {
    marks_ = false;
    stored_ = {};
    return base::ok();
  }

 private:
  bool done() const { return range_ == ranges_.size() && !line_.open(); }

  base::Result<Next> finish(Connection& connection) const {
    if (undecodable_) {
      connection.completion = {"NO", "UNKNOWN-CTE", "Some of the parts are in an encoding that is not known", false};
    } else if (damaged_) {
      connection.completion = {"NO", "CORRUPTION", "Some of the messages are damaged; the operator has been told",
                               false};
    } else if (missing_ && !args_.uid) {
      // RFC 2180 §4.1.2
      connection.completion = {"NO", "EXPUNGEISSUED", "Some of the messages no longer exist", false};
    }
    return Next::Done;
  }

  // Moves to the next message that is wanted.
  void advance_to(std::size_t index) {
    at_ = index;
    while (range_ < ranges_.size() && at_ >= ranges_[range_].last) {
      if (++range_ < ranges_.size()) at_ = ranges_[range_].first;
    }
  }

  void note_marked(View& view) {
    marking_ = false;
    view.told(stored_.changed, stored_.modseq);
  }

  // The unseen ones among the next kSeenBatch messages from at_ on; marked_to_ is where the batch ends.
  base::Status find_unseen(Connection& connection) {
    const View& view = connection.view();
    unseen_.clear();
    stored_ = {};
    std::size_t visited = 0;
    std::size_t from = at_;
    return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
      for (std::size_t range = range_; range < ranges_.size() && visited < kSeenBatch; ++range) {
        from = std::max(from, ranges_[range].first);
        const std::size_t to = std::min(ranges_[range].last, from + (kSeenBatch - visited));
        visited += to - from;
        marked_to_ = to;
        const auto each = [&](const mail::Message& message) {
          if ((message.flags.system & mail::kSeen) == 0 && view.index_of(message.uid)) unseen_.push_back(message.uid);
          return true;
        };
        TRY(mail::scan_messages(txn, box_, view.uid_at(from), view.uid_at(to - 1), each));
      }
      return base::ok();
    });
  }

  base::Status render(Connection& connection) {
    View& view = connection.view();
    std::string& out = connection.out;
    const std::size_t start = out.size();
    const auto left = [&] { return kStepOctets - std::min(kStepOctets, out.size() - start); };
    return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
      if (line_.open()) {
        TRY(line_.write(txn, view, out, left()));
        if (batches_) return base::ok();  // it was too large for a batch; the next ones may not be
      }
      while (!line_.open() && range_ < ranges_.size() && left() > 0 && !(marks_ && at_ >= marked_to_)) {
        TRY(render_range(txn, view, out, start));
      }
      return base::ok();
    });
  }

  // Shows messages of the current range until it ends, the batch ends or the step is full.
  base::Status render_range(const mail::ReadTxn& txn, View& view, std::string& out, std::size_t start) {
    const std::size_t end = marks_ ? std::min(ranges_[range_].last, marked_to_) : ranges_[range_].last;
    base::Status status;
    const auto show = [&](const mail::Message& message) {
      const bool changed = std::binary_search(stored_.changed.begin(), stored_.changed.end(), message.uid);
      line_.begin(message, at_++, changed);
      const std::size_t used = out.size() - start;
      status = line_.write(txn, view, out, kStepOctets - std::min(kStepOctets, used));
      if (!status.ok() && status.error().code != base::Errc::Closed) status = pass_over(message, status.error());
      return status.ok() && !line_.open() && out.size() - start < kStepOctets;
    };
    TRY(walk(txn, view, out, end, show));
    return status;
  }

  // Hands the messages from at_ to before `end` to `show`, until that says no. It moves at_ over those that it takes.
  template <class F>
  base::Status walk(const mail::ReadTxn& txn, View& view, std::string& out, std::size_t end, const F& show) {
    base::Status status;
    bool stopped = false;
    const auto each = [&](const mail::Message& message) {
      while (at_ < end && view.uid_at(at_) < message.uid) {
        missing_ = true;
        ++at_;
      }
      if (at_ == end || view.uid_at(at_) != message.uid) return at_ < end;
      status = view.learn_keywords(txn, message.flags, out);
      stopped = !status.ok() || !show(message);
      return !stopped;
    };
    std::vector<Uid> damaged;
    TRY(mail::scan_messages(txn, box_, view.uid_at(at_), view.uid_at(end - 1), each, &damaged));
    TRY(status);
    damaged_ = damaged_ || !damaged.empty();
    if (!stopped && at_ < end) {
      missing_ = true;
      at_ = end;
    }
    advance_to(at_);
    return base::ok();
  }

  // Begins the next messages that can be rendered together, if they are worth it.
  base::Status fill_batch(Connection& connection) {
    const std::size_t range = range_, at = at_;
    bool full = false;
    const auto take = [&](const mail::Message& message) {
      full = !batch_.add(message, at_);
      if (!full) ++at_;
      return !full;
    };
    TRY(connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
      while (range_ < ranges_.size() && !full) {
        const auto walked = walk(txn, view_, connection.out, ranges_[range_].last, take);
        if (!walked.ok()) return walked;
      }
      return base::ok();
    }));
    if (batch_.worth()) {
      batch_.begin(view_);
      return base::ok();
    }
    batch_.clear();
    range_ = range;
    at_ = at;
    return base::ok();
  }

  base::Status take_batch(std::string& out) {
    base::Status status;
    for (const FetchBatch::Item& item : batch_.items()) {
      out += item.text;
      if (!item.status.ok()) status = pass_over(item.message, item.status.error());
      if (!status.ok()) break;
    }
    batch_.clear();
    return status;
  }

  // One damaged message must not hide the others: the client gets them, then NO.
  base::Status pass_over(const mail::Message& message, const base::Error& error) {
    if (error.code == base::Errc::Unsupported) {
      undecodable_ = true;  // RFC 3516 §4.3
      return base::ok();
    }
    if (error.code != base::Errc::Corrupt && error.code != base::Errc::NotFound) return error;
    log::error("message cannot be read", {{"mailbox", box_.value}, {"uid", message.uid.value}, {"reason", error.text}});
    damaged_ = true;
    return base::ok();
  }

  View& view_;
  base::MailboxId box_;
  Holder holder_;
  parse::FetchArgs args_;
  std::vector<IndexRange> ranges_;
  FetchLine line_;
  FetchBatch batch_;
  bool batches_ = false;
  bool marks_ = false;
  bool marking_ = false;
  bool missing_ = false;
  bool damaged_ = false;
  bool undecodable_ = false;  // BINARY of an unknown encoding
  store::lmdb::Env* env_ = nullptr;
  std::size_t range_ = 0;      // current one
  std::size_t at_ = 0;         // next message, an index of the view within the current range
  std::size_t marked_to_ = 0;  // messages before this index have had their \Seen set
  std::vector<Uid> unseen_;
  mail::Stored stored_;  // of the current batch
};

// CHANGEDSINCE, RFC 7162 §3.1.4.1: only what changed of the messages that are meant, found in the log of changes. What is
// gone of them is appended to `out`.
base::Result<std::vector<IndexRange>> changed_in(const Connection& connection, const parse::FetchArgs& args,
                                                 const std::vector<IndexRange>& ranges, std::string& out) {
  const View& view = connection.view();
  TRY_ASSIGN(const auto changes, connection.env().read([&](const mail::ReadTxn& txn) {
    return mail::changes_since(txn, view.box(), base::ModSeq{*args.changed_since});
  }));
  if (args.vanished) {
    // "*" means the highest UID that was ever given: the last message may be among those that are gone.
    const auto vanished = vanished_of(changes.expunged, args.set.resolved(view.last_uid().value), view);
    put_vanished(out, vanished, true);
  }
  std::vector<IndexRange> kept;
  auto range = ranges.begin();
  for (const Uid uid : changes.changed) {
    const auto index = view.index_of(uid);
    if (!index.has_value()) continue;
    while (range != ranges.end() && range->last <= *index) ++range;
    if (range == ranges.end()) break;
    if (*index < range->first) continue;
    if (kept.empty() || kept.back().last != *index) kept.push_back({*index, *index});
    kept.back().last = *index + 1;
  }
  return kept;
}

bool asks_modseq(const parse::FetchArgs& args) {
  return std::any_of(args.items.begin(), args.items.end(),
                     [](const auto& item) { return item.kind == parse::FetchKind::ModSeq; });
}

}  // namespace

Started fetch(Connection& connection, parse::Command& command) {
  auto& args = std::get<parse::FetchArgs>(command.args);
  if (args.vanished && !connection.enabled().qresync) {
    return base::Error{base::Errc::Protocol, "QRESYNC has not been enabled"};  // RFC 7162 §3.2.6
  }
  TRY_ASSIGN(auto ranges, messages_in(connection.view(), args.set, args.uid));
  if (asks_modseq(args)) connection.enable_condstore();
  std::string vanished;
  if (args.changed_since.has_value()) {
    TRY_ASSIGN(ranges, changed_in(connection, args, ranges, vanished));
  }
  if (args.page.has_value()) {
    ranges = page_of(ranges, *args.page);
    const std::uint32_t limit = connection.services().message_limit.all;
    if (limit != 0 && count(ranges) > limit) return too_many(limit, {});  // RFC 9738 §3.1
  }
  limit_messages(connection, ranges);
  connection.out += vanished;
  return std::unique_ptr<Operation>(new FetchOperation(connection, std::move(args), std::move(ranges)));
}

}  // namespace hearthmail::receiver::imap::cmd
