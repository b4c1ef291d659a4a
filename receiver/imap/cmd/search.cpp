// SEARCH and UID SEARCH, RFC 9051 §6.4.4, §7.3.4: in slices on the loop; in the worker pool when bodies are searched.
#include <algorithm>
#include <chrono>

#include "common/base/text.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/search/search.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;
using base::Uid;

// How long one read transaction of a body search may last; limits.md: at most about a second.
constexpr std::chrono::milliseconds kWorkSlice{200};

// One message of the store, as the matcher sees it. Lives within one transaction.
class StoredSubject : public search::SearchSubject {
 public:
  StoredSubject(const mail::ReadTxn& txn, const View& view) : txn_(txn), view_(view) {}
  void show(const mail::Message& message, std::size_t index) {
    message_ = &message;
    index_ = index;
    summary_known_ = false;
  }

  std::uint32_t sequence() const override { return static_cast<std::uint32_t>(index_ + 1); }
  std::uint32_t uid() const override { return message_->uid.value; }
  std::uint8_t system_flags() const override { return message_->flags.system; }
  bool recent() const override { return view_.recent(message_->uid); }
  bool has_keyword(std::string_view name) const override {
    const auto& table = view_.keywords();
    return std::any_of(message_->flags.keywords.begin(), message_->flags.keywords.end(),
                       [&](auto id) { return id < table.size() && base::iequals(table[id], name); });
  }
  base::UnixTime internal_date() const override { return message_->internal_date; }
  std::int16_t zone_minutes() const override { return message_->zone_minutes; }
  std::uint64_t octets() const override { return message_->octets; }
  std::uint64_t modseq() const override { return message_->modseq.value; }
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
  const View& view_;
  const mail::Message* message_ = nullptr;
  std::size_t index_ = 0;
  bool summary_known_ = false;
  mime::Summary summary_;
};

class SearchOperation : public Operation {
 public:
  SearchOperation(const Connection& connection, const parse::SearchArgs& args, search::Matcher matcher)
      : env_(connection.env()),
        view_(connection.view()),
        uid_(args.uid),
        esearch_(args.esearch),
        min_(args.min),
        max_(args.max),
        all_(args.all),
        count_(args.count),
        modseq_(parse::has_modseq(args.tree)),
        matcher_(std::move(matcher)) {}

  base::Result<Next> step(Connection& connection) override {
    if (at_ < view_.size() && matcher_.needs_body()) return Next::Work;
    if (at_ < view_.size()) TRY(scan(kTurn));
    if (at_ < view_.size()) return Next::Again;
    if (esearch_) {
      put_esearch(connection);
    } else {
      put_search(connection.out);
    }
    return Next::Done;
  }
  // The view is not touched by anybody while the session waits for this.
  base::Status work() override { return scan(kWorkSlice); }

 private:
  // Looks at messages from at_ on, in one transaction, for about `slice`.
  base::Status scan(std::chrono::milliseconds slice) {
    const auto until = std::chrono::steady_clock::now() + slice;
    return env_.read([&](const mail::ReadTxn& txn) -> base::Status {
      StoredSubject subject(txn, view_);
      base::Status status;
      std::size_t visited = 0;
      const auto each = [&](const mail::Message& message) {
        while (at_ < view_.size() && view_.uid_at(at_) < message.uid) ++at_;  // expunged by another session
        if (at_ == view_.size()) return false;
        if (view_.uid_at(at_) != message.uid) return true;
        subject.show(message, at_);
        const auto matched = matcher_.matches(subject);
        if (!matched.ok()) status = passed_over(matched.error());
        if (matched.ok() && *matched) take(message, subject.sequence());
        ++at_;
        return status.ok() && ++visited < kStepMessages && std::chrono::steady_clock::now() < until;
      };
      TRY_ASSIGN(const Uid next,
                 mail::scan_messages(txn, view_.box(), view_.uid_at(at_), view_.uid_at(view_.size() - 1), each));
      if (next == Uid{0}) at_ = view_.size();
      return status;
    });
  }

  void take(const mail::Message& message, std::uint32_t sequence) {
    if (found_.empty()) first_modseq_ = message.modseq;
    last_modseq_ = message.modseq;
    highest_modseq_ = std::max(highest_modseq_, message.modseq);
    found_.push_back(uid_ ? message.uid.value : sequence);
  }

  // Of the messages that the answer names, RFC 7162 §3.1.10: only MIN and MAX name single ones.
  base::ModSeq answered_modseq() const {
    if (all_ || count_) return highest_modseq_;
    if (min_ && max_) return std::max(first_modseq_, last_modseq_);
    return min_ ? first_modseq_ : last_modseq_;
  }

  // A message that cannot be read does not match; the others are still found.
  static base::Status passed_over(const base::Error& error) {
    if (error.code == base::Errc::Corrupt || error.code == base::Errc::NotFound) return base::ok();
    return error;
  }

  void put_search(std::string& out) const {
    out += "* SEARCH";
    for (const auto number : found_) {
      out += ' ';
      put_number(out, number);
    }
    if (modseq_ && !found_.empty()) {
      out += " (MODSEQ ";  // RFC 7162 §3.1.6
      put_number(out, highest_modseq_.value);
      out += ')';
    }
    out += "\r\n";
  }

  void put_esearch(Connection& connection) const {
    std::string& out = connection.out;
    out += "* ESEARCH (TAG ";
    text::append_string(out, connection.tag, false);
    out += uid_ ? ") UID" : ")";
    if (!found_.empty()) {
      if (min_) {
        out += " MIN ";
        put_number(out, found_.front());
      }
      if (max_) {
        out += " MAX ";
        put_number(out, found_.back());
      }
      if (all_) {
        parse::NumSet set;
        for (const auto number : found_) set.add_ascending(number);
        out += " ALL " + set.to_string();
      }
    }
    if (count_) {
      out += " COUNT ";
      put_number(out, found_.size());
    }
    if (modseq_ && !found_.empty()) {
      out += " MODSEQ ";
      put_number(out, answered_modseq().value);
    }
    out += "\r\n";
  }

  store::lmdb::Env& env_;
  const View& view_;
  bool uid_, esearch_, min_, max_, all_, count_, modseq_;
  search::Matcher matcher_;
  std::size_t at_ = 0;  // next message, an index of the view
  std::vector<std::uint32_t> found_;
  base::ModSeq first_modseq_, last_modseq_, highest_modseq_;  // of what was found
};

class UnknownCharset : public Operation {
 public:
  base::Result<Next> step(Connection& connection) override {
    connection.completion = {"NO", "BADCHARSET (UTF-8 US-ASCII)", "Unknown charset", false};
    return Next::Done;
  }
};

}  // namespace

Started search(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::SearchArgs>(command.args);
  const View& view = connection.view();
  const std::uint32_t largest_uid = view.size() == 0 ? 0 : view.uid_at(view.size() - 1).value;
  auto matcher =
      search::Matcher::compile(args.tree, args.charset, static_cast<std::uint32_t>(view.size()), largest_uid);
  if (!matcher.ok() && matcher.error().code == base::Errc::Unsupported) {
    return std::unique_ptr<Operation>(new UnknownCharset);
  }
  if (!matcher.ok()) return base::Error{base::Errc::Protocol, matcher.error().text};
  if (parse::has_modseq(args.tree)) connection.enable_condstore();
  return std::unique_ptr<Operation>(new SearchOperation(connection, args, std::move(*matcher)));
}

}  // namespace hearthmail::receiver::imap::cmd
