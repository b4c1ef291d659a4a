#include "receiver/imap/search/scan.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "common/base/text.hpp"
#include "common/net/share.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/object_id.hpp"

namespace hearthmail::receiver::imap::search {

namespace mail = store::mail;
using base::Uid;

// One message of the store, as the matcher sees it. Lives within one transaction.
class Scan::Stored : public SearchSubject {
 public:
  // `index` is where `scan` is in the view, when it has one.
  Stored(const mail::ReadTxn& txn, const Scan& scan, const std::size_t& index)
      : txn_(txn),
        scan_(scan),
        index_(index),
        keywords_(scan.view_ != nullptr ? scan.view_->keywords() : scan.keywords_) {}
  void show(const mail::Message& message) {
    message_ = &message;
    summary_known_ = false;
    compared_known_ = false;
  }

  std::uint32_t sequence() const override {
    return scan_.view_ == nullptr ? 0 : static_cast<std::uint32_t>(index_ + 1);
  }
  std::uint32_t uid() const override { return message_->uid.value; }
  std::uint8_t system_flags() const override { return message_->flags.system; }
  bool recent() const override {
    if (scan_.view_ != nullptr) return scan_.view_->recent(message_->uid);
    return message_->uid.value >= scan_.recent_from_;
  }
  bool has_keyword(std::string_view name) const override {
    return std::any_of(message_->flags.keywords.begin(), message_->flags.keywords.end(),
                       [&](auto id) { return id < keywords_.size() && base::iequals(keywords_[id], name); });
  }
  base::UnixTime internal_date() const override { return message_->internal_date; }
  std::int16_t zone_minutes() const override { return message_->zone_minutes; }
  std::uint64_t octets() const override { return message_->octets; }
  std::uint64_t modseq() const override { return message_->modseq.value; }
  std::string email_id() const override { return imap::email_id(*message_); }
  base::UnixTime save_date() const override { return message_->save_date; }
  base::Result<const mime::Summary*> summary() override {
    if (!summary_known_) {
      TRY_ASSIGN(const auto stored, mail::read_summary(txn_, message_->blob));
      TRY_ASSIGN(summary_, mime::decode_summary(stored));
      summary_known_ = true;
    }
    return &summary_;
  }
  base::Result<const mime::Summary*> compared() override {
    if (!summary_known_ && !compared_known_) {
      TRY_ASSIGN(const auto stored, mail::read_summary(txn_, message_->blob));
      TRY_ASSIGN(summary_, mime::decode_summary_compared(stored));
      compared_known_ = true;
    }
    return &summary_;
  }
  base::Result<std::string> read(mime::Range range) override {
    return mail::read_body(txn_, message_->blob, range.offset, range.octets);
  }

 private:
  const mail::ReadTxn& txn_;
  const Scan& scan_;
  const std::size_t& index_;
  const std::vector<std::string>& keywords_;
  const mail::Message* message_ = nullptr;
  bool summary_known_ = false;
  bool compared_known_ = false;  // that much of it
  mime::Summary summary_;
};

namespace {

// A message that cannot be read does not match; the others are still found.
base::Status passed_over(const base::Error& error) {
  if (error.code == base::Errc::Corrupt || error.code == base::Errc::NotFound) return base::ok();
  return error;
}

}  // namespace

Scan::Scan(store::lmdb::Env& env, const View& view, Matcher matcher)
    : env_(env), view_(&view), box_(view.box()), matcher_(std::move(matcher)) {
  done_ = view.size() == 0;
  if (done_) return;
  next_ = view.uid_at(0);
  last_ = view.uid_at(view.size() - 1);
}

Scan::Scan(store::lmdb::Env& env, const mail::Mailbox& mailbox, std::vector<std::string> keywords, Matcher matcher)
    : env_(env),
      box_(mailbox.id),
      keywords_(std::move(keywords)),
      recent_from_(mailbox.recent_from),
      matcher_(std::move(matcher)),
      last_{mailbox.uid_next - 1} {
  done_ = mailbox.messages == 0;
}

void Scan::begin_at(std::size_t index) {
  index_ = index;
  next_ = view_->uid_at(index);
}

// Moves along the view to `message`; false when the client does not know it.
bool Scan::locate(const mail::Message& message, std::size_t& index) const {
  if (view_ == nullptr) return true;
  while (index < view_->size() && view_->uid_at(index) < message.uid) ++index;  // expunged by another session
  return index < view_->size() && view_->uid_at(index) == message.uid;
}

base::Status Scan::run(std::chrono::milliseconds slice, const Found& found) {
  const auto until = std::chrono::steady_clock::now() + slice;
  const bool shared = workers_ != nullptr && view_ != nullptr && needs_worker();
  return shared ? run_shared(until, found) : run_alone(until, found);
}

base::Status Scan::run_alone(std::chrono::steady_clock::time_point until, const Found& found) {
  return env_.read([&](const mail::ReadTxn& txn) -> base::Status {
    Stored subject(txn, *this, index_);
    base::Status status;
    std::size_t visited = 0;
    const auto each = [&](const mail::Message& message) {
      if (locate(message, index_)) {
        subject.show(message);
        const auto matched = matcher_.matches(subject);
        if (!matched.ok()) status = passed_over(matched.error());
        if (matched.ok() && *matched) status = found(Hit{txn, message, subject.sequence()});
      }
      return status.ok() && ++visited < kStepMessages && std::chrono::steady_clock::now() < until;
    };
    TRY_ASSIGN(const Uid next, mail::scan_messages(txn, box_, next_, last_, each));
    next_ = next;
    done_ = next == Uid{0};
    return status;
  });
}

// ---- with helpers ----

// Messages [first, last) of the view, searched by one thread in a transaction of its own.
struct Scan::Piece {
  std::size_t first = 0, last = 0;
  std::size_t at = 0;                                         // the first that was not looked at
  std::vector<std::pair<mail::Message, std::uint32_t>> hits;  // with their sequence numbers
  base::Status status;
};

base::Status Scan::run_shared(std::chrono::steady_clock::time_point until, const Found& found) {
  std::vector<Piece> pieces;
  const std::size_t end = std::min(view_->size(), index_ + kStepMessages);
  for (std::size_t at = index_; at < end; at += kPieceMessages) {
    Piece piece;
    piece.first = piece.at = at;
    piece.last = std::min(end, at + kPieceMessages);
    pieces.push_back(std::move(piece));
  }
  const auto work = [&](std::size_t i) {
    if (i > 0 && std::chrono::steady_clock::now() >= until) return;
    try {
      pieces[i].status = search(pieces[i], until);
    } catch (const std::bad_alloc&) {  // a large message may not fit into the memory
      pieces[i].status = base::Error{base::Errc::Unavailable, "out of memory"};
    }
  };
  net::share(*workers_, kSearchHelpers, pieces.size(), work);
  return hand_out(pieces, found);
}

base::Status Scan::search(Piece& piece, std::chrono::steady_clock::time_point until) const {
  return env_.read([&](const mail::ReadTxn& txn) -> base::Status {
    std::size_t index = piece.first;
    Stored subject(txn, *this, index);
    base::Status status;
    const auto each = [&](const mail::Message& message) {
      if (locate(message, index)) {
        subject.show(message);
        const auto matched = matcher_.matches(subject);
        if (!matched.ok()) status = passed_over(matched.error());
        if (matched.ok() && *matched) piece.hits.emplace_back(message, subject.sequence());
        piece.at = index + 1;
      }
      return status.ok() && std::chrono::steady_clock::now() < until;
    };
    TRY_ASSIGN(const Uid next,
               mail::scan_messages(txn, box_, view_->uid_at(piece.first), view_->uid_at(piece.last - 1), each));
    TRY(status);
    if (next == Uid{0}) piece.at = piece.last;
    return base::ok();
  });
}

// In the mailbox's order, up to the first message that nobody has looked at; what was found behind it is looked at again.
base::Status Scan::hand_out(const std::vector<Piece>& pieces, const Found& found) {
  const auto each = [&](const mail::ReadTxn& txn) -> base::Status {
    for (const Piece& piece : pieces) {
      TRY(piece.status);
      for (const auto& [message, sequence] : piece.hits) TRY(found(Hit{txn, message, sequence}));
      index_ = piece.at;
      if (piece.at < piece.last) return base::ok();
    }
    return base::ok();
  };
  TRY(env_.read(each));
  done_ = index_ == view_->size();
  if (!done_) next_ = view_->uid_at(index_);
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::search
