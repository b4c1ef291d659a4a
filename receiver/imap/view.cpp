#include "receiver/imap/view.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "receiver/imap/limits.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/vanished.hpp"
#include "store/mail/expected_uids.hpp"

namespace hearthmail::receiver::imap {

namespace mail = store::mail;
using base::Uid;

base::Result<View> View::open(const mail::ReadTxn& txn, const mail::Mailbox& mailbox, bool read_only,
                              std::uint32_t recent_from) {
  View view;
  view.box_ = mailbox.id;
  view.name_ = mailbox.name;
  view.uid_validity_ = mailbox.uid_validity;
  view.examined_ = read_only;
  view.known_ = mailbox.highest_modseq;
  view.last_uid_ = Uid{mailbox.uid_next - 1};
  TRY_ASSIGN(view.uids_, mail::expected_uids(txn, mailbox.id));
  TRY_ASSIGN(view.keywords_, mail::keywords(txn, mailbox.id));
  if (recent_from < mailbox.uid_next) view.recent_.emplace_back(recent_from, mailbox.uid_next);
  return view;
}

std::optional<std::size_t> View::index_of(Uid uid) const {
  const auto at = std::lower_bound(uids_.begin(), uids_.end(), uid);
  if (at == uids_.end() || *at != uid) return std::nullopt;
  return static_cast<std::size_t>(at - uids_.begin());
}

IndexRange View::between(Uid first, Uid last) const {
  const auto from = std::lower_bound(uids_.begin(), uids_.end(), first);
  const auto to = std::upper_bound(from, uids_.end(), last);
  return {static_cast<std::size_t>(from - uids_.begin()), static_cast<std::size_t>(to - uids_.begin())};
}

bool View::recent(Uid uid) const {
  for (const auto& [first, last] : recent_) {
    if (uid.value >= first && uid.value < last) return true;
  }
  return false;
}

std::size_t View::recent_count() const {
  std::size_t count = 0;
  for (const auto& [first, last] : recent_) {
    const IndexRange range = between(Uid{first}, Uid{last - 1});
    count += range.last - range.first;
  }
  return count;
}

void View::without_recent() {
  tells_recent_ = false;
  recent_.clear();
}

void View::put_flag_lists(std::string& out) const {
  out += "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft";
  for (const auto& keyword : keywords_) {
    out += ' ';
    out += keyword;
  }
  out += ")\r\n* OK [PERMANENTFLAGS (";
  put_permanent_flags(out);
}

// Those that the user's rights let him change, RFC 4314 §5.1.1.
void View::put_permanent_flags(std::string& out) const {
  const std::size_t start = out.size();
  const auto put = [&](std::string_view flag) {
    if (out.size() > start) out += ' ';
    out += flag;
  };
  if (may(Right::Write)) put("\\Answered \\Flagged");
  if (may(Right::DeleteMessages)) put("\\Deleted");
  if (may(Right::KeepSeen)) put("\\Seen");
  if (may(Right::Write)) {
    put("\\Draft");
    for (const auto& keyword : keywords_) put(keyword);
    if (keywords_.size() < mail::kMaxKeywords) put("\\*");
  }
  out += out.size() > start ? ")] Flags permitted\r\n" : ")] No permanent flags permitted\r\n";
}

base::Status View::learn_keywords(const mail::ReadTxn& txn, const mail::Flags& flags, std::string& out) {
  if (flags.keywords.empty() || flags.keywords.back() < keywords_.size()) return base::ok();
  TRY_ASSIGN(keywords_, mail::keywords(txn, box_));
  put_flag_lists(out);
  return base::ok();
}

void View::told(const std::vector<Uid>& uids, base::ModSeq modseq) {
  for (const Uid uid : uids) told_.emplace_back(uid, modseq);
}

bool View::told_already(const mail::Message& message) const {
  const auto at = std::lower_bound(told_.begin(), told_.end(), std::pair{message.uid, message.modseq});
  return at != told_.end() && at->first == message.uid && at->second == message.modseq;
}

base::Result<bool> View::wants_recent(const mail::ReadTxn& txn) const {
  if (read_only() || !own_ || !tells_recent_) return false;
  TRY_ASSIGN(const auto mailbox, mail::load_mailbox(txn, box_));
  return mailbox.recent_from < mailbox.uid_next;
}

void View::claimed(std::uint32_t recent_from) {
  // Up to "everything later", until follow() knows where the mailbox ends: the claim covers what it then finds.
  constexpr auto kEnd = std::numeric_limits<std::uint32_t>::max();
  if (!recent_.empty() && recent_.back().second >= recent_from) {
    recent_.back().second = kEnd;
  } else {
    recent_.emplace_back(recent_from, kEnd);
  }
}

// Takes over what changed in the mailbox since known_, without telling the client.
base::Status View::follow(const mail::ReadTxn& txn) {
  TRY_ASSIGN(const auto changes, mail::changes_since(txn, box_, known_));
  if ((read_only() || !own_) && tells_recent_ && changes.uid_next - 1 > last_uid_.value) {
    // EXAMINE shows as \Recent what nobody has claimed, and leaves it to the next session (RFC 3501 §6.3.2).
    TRY_ASSIGN(const auto mailbox, mail::load_mailbox(txn, box_));
    if (mailbox.recent_from < mailbox.uid_next) claimed(mailbox.recent_from);
  }
  if (!recent_.empty() && recent_.back().second > changes.uid_next) recent_.back().second = changes.uid_next;
  if (changes.highest == known_) return base::ok();
  for (const Uid uid : changes.changed) (uid > last_uid_ ? arrived_ : changed_).push_back(uid);
  if (gone_.empty()) settled_ = known_;
  const std::size_t before = gone_.size();
  for (const auto& [first, last] : changes.expunged) {
    const IndexRange range = between(first, last);
    gone_.insert(gone_.end(), uids_.begin() + static_cast<std::ptrdiff_t>(range.first),
                 uids_.begin() + static_cast<std::ptrdiff_t>(range.last));
  }
  std::inplace_merge(gone_.begin(), gone_.begin() + static_cast<std::ptrdiff_t>(before), gone_.end());
  gone_.erase(std::unique(gone_.begin(), gone_.end()), gone_.end());
  known_ = changes.highest;
  last_uid_ = Uid{std::max(last_uid_.value, changes.uid_next - 1)};
  std::sort(told_.begin(), told_.end());
  return base::ok();
}

// EXPUNGE: each number counts after the ones before it were taken out (RFC 9051 §7.5.1). VANISHED names UIDs.
void View::report_expunged(const Enabled& enabled, std::string& out) {
  if (gone_.empty()) return;
  std::vector<mail::UidRange> vanished;
  std::vector<Uid> left;
  left.reserve(uids_.size());
  auto gone = gone_.begin();
  for (const Uid uid : uids_) {
    while (gone != gone_.end() && *gone < uid) ++gone;
    if (gone == gone_.end() || *gone != uid) {
      left.push_back(uid);
      continue;
    }
    if (enabled.qresync || enabled.uid_only) {
      if (vanished.empty() || vanished.back().last.value + 1 != uid.value) vanished.push_back({uid, uid});
      vanished.back().last = uid;
      continue;
    }
    out += "* ";
    put_number(out, left.size() + 1);
    out += " EXPUNGE\r\n";
  }
  put_vanished(out, vanished, false);
  uids_ = std::move(left);
  gone_.clear();
}

void View::report_arrivals(const Enabled& enabled, std::string& out) {
  if (arrived_.empty()) return;
  uids_.insert(uids_.end(), arrived_.begin(), arrived_.end());
  arrived_.clear();
  out += "* ";
  put_number(out, uids_.size());
  out += " EXISTS\r\n";
  if (enabled.rev2) return;
  out += "* ";
  put_number(out, recent_count());
  out += " RECENT\r\n";
}

void View::put_fetch(std::string& out, std::size_t index, const mail::Message& message, Told what,
                     const Enabled& enabled) const {
  out += "* ";
  if (enabled.uid_only) what.uid = false;  // it stands in front, RFC 9586 §3.3
  put_number(out, enabled.uid_only ? message.uid.value : index + 1);
  out += enabled.uid_only ? " UIDFETCH (" : " FETCH (";
  if (what.uid) {
    out += "UID ";
    put_number(out, message.uid.value);
  }
  if (what.flags) {
    out += what.uid ? " FLAGS " : "FLAGS ";
    put_flags(out, message.flags, keywords_, recent(message.uid));
  }
  if (what.modseq) {
    out += what.uid || what.flags ? " MODSEQ (" : "MODSEQ (";
    put_number(out, message.modseq.value);
    out += ')';
  }
  out += ")\r\n";
}

base::Result<bool> View::report_flags(const mail::ReadTxn& txn, const Enabled& enabled, std::string& out) {
  const std::size_t start = out.size();
  while (changed_at_ < changed_.size()) {
    if (out.size() - start >= kStepOctets) return true;
    const Uid uid = changed_[changed_at_++];
    const auto index = index_of(uid);
    if (!index.has_value()) continue;
    TRY_ASSIGN(const auto message, mail::find_message(txn, box_, uid));
    if (!message.has_value() || told_already(*message)) continue;
    TRY(learn_keywords(txn, message->flags, out));
    put_fetch(out, *index, *message, {true, true, enabled.condstore}, enabled);
  }
  changed_.clear();
  changed_at_ = 0;
  told_.clear();
  return false;
}

base::Result<bool> View::report(const mail::ReadTxn& txn, MaySendExpunge expunge, const Enabled& enabled,
                                std::string& out) {
  if (changed_at_ == changed_.size()) {
    follows_ = false;
    TRY(follow(txn));
    follows_ = true;
  }
  if (expunge == MaySendExpunge::Yes) report_expunged(enabled, out);
  report_arrivals(enabled, out);
  return report_flags(txn, enabled, out);
}

}  // namespace hearthmail::receiver::imap
