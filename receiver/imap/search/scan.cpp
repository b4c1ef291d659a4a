#include "receiver/imap/search/scan.hpp"

#include <algorithm>
#include <utility>

#include "common/base/text.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/object_id.hpp"

namespace hearthmail::receiver::imap::search {

namespace mail = store::mail;
using base::Uid;

// One message of the store, as the matcher sees it. Lives within one transaction.
class Scan::Stored : public SearchSubject {
 public:
  Stored(const mail::ReadTxn& txn, const Scan& scan)
      : txn_(txn), scan_(scan), keywords_(scan.view_ != nullptr ? scan.view_->keywords() : scan.keywords_) {}
  void show(const mail::Message& message) {
    message_ = &message;
    summary_known_ = false;
  }

  std::uint32_t sequence() const override {
    return scan_.view_ == nullptr ? 0 : static_cast<std::uint32_t>(scan_.index_ + 1);
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
  base::Result<std::string> read(mime::Range range) override {
    return mail::read_body(txn_, message_->blob, range.offset, range.octets);
  }

 private:
  const mail::ReadTxn& txn_;
  const Scan& scan_;
  const std::vector<std::string>& keywords_;
  const mail::Message* message_ = nullptr;
  bool summary_known_ = false;
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

// Moves along the view to `message`; false when the client does not know it.
bool Scan::locate(const mail::Message& message) {
  if (view_ == nullptr) return true;
  while (index_ < view_->size() && view_->uid_at(index_) < message.uid) ++index_;  // expunged by another session
  return index_ < view_->size() && view_->uid_at(index_) == message.uid;
}

base::Status Scan::run(std::chrono::milliseconds slice, const Found& found) {
  const auto until = std::chrono::steady_clock::now() + slice;
  return env_.read([&](const mail::ReadTxn& txn) -> base::Status {
    Stored subject(txn, *this);
    base::Status status;
    std::size_t visited = 0;
    const auto each = [&](const mail::Message& message) {
      if (locate(message)) {
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

}  // namespace hearthmail::receiver::imap::search
