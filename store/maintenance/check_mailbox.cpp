// One mailbox with its messages and its log of changes, compared with what its record says.
#include "store/maintenance/check_mailbox.hpp"

#include <algorithm>

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Result;
using base::Status;
using mail::MailboxRecord;
using mail::Message;
using mail::ModSeq;
using mail::Uid;

namespace {

constexpr std::size_t kMessageKey = 12, kChangeKey = 16;  // octets
// A mailbox that changes while it is looked at in several snapshots is begun anew this often, then read in one.
constexpr int kTries = 4;

std::string differs(std::string_view what, std::uint64_t says, std::uint64_t is) {
  if (says == is) return {};
  return " " + std::string(what) + " " + std::to_string(says) + " instead of " + std::to_string(is) + ";";
}

}  // namespace

Status MailboxCheck::run() {
  for (int tries = 1; tries <= kTries; ++tries) {
    state_ = {};
    const bool whole = tries == kTries;
    Outcome outcome = Outcome::More;
    while (outcome == Outcome::More) {
      TRY_ASSIGN(outcome, scan_.env().read([&](const ReadTxn& txn) { return slice(txn, whole); }));
      scan_.progress(mail::kMessages);
    }
    if (outcome == Outcome::Gone) return base::ok();
    if (outcome == Outcome::Done) break;
  }
  scan_.count(mail::kMessages, state_.message_octets, state_.messages);
  scan_.count(mail::kChanges, state_.changes.octets, state_.changes.records);
  scan_.count(mail::kExpunges, state_.expunges.octets, state_.expunges.records);
  highest_email_ = std::max(highest_email_, state_.highest_email);
  for (Finding& finding : state_.findings) {
    scan_.add(finding.problem, Table{state_.tables[static_cast<std::size_t>(&finding - state_.findings.data())]},
              std::move(finding.key), std::move(finding.what), finding.raw_key);
  }
  referred_[box_.value] = Referred{state_.record ? state_.record->highest_modseq : ModSeq{0}, std::move(state_.blobs)};
  return base::ok();
}

void MailboxCheck::add(Problem problem, Table table, std::string key, std::string what, std::string_view raw_key) {
  state_.findings.push_back({problem, {}, {}, std::move(key), std::move(what), std::string(raw_key)});
  state_.tables.push_back(table.index);
}

// One snapshot's worth of work.
Result<MailboxCheck::Outcome> MailboxCheck::slice(const ReadTxn& txn, bool whole) {
  const auto began = std::chrono::steady_clock::now();
  const auto record = mail::load_record(txn, box_);
  if (!record.ok() && record.error().code == Errc::NotFound) return Outcome::Gone;
  if (!record.ok() && record.error().code != Errc::Corrupt) return record.error();
  // A record that is damaged has its finding already; the messages are looked at all the same.
  if (record.ok()) {
    if (!state_.started) state_.record = *record;
    else if (!state_.record || state_.record->highest_modseq != record->highest_modseq) return Outcome::Changed;
  }
  if (!state_.started) {
    const auto words = mail::keywords(txn, box_);
    state_.keywords = words.ok() ? words->size() : mail::kMaxKeywords;  // damaged: it has its own finding
    state_.name = names_.mailbox(txn, box_);
  }
  state_.started = true;
  const auto over = [&] { return !whole && scan_.over(began); };
  TRY_ASSIGN(const bool messages_done, read_messages(txn, over));
  if (!messages_done) return Outcome::More;
  TRY_ASSIGN(const bool log_done, read_log(txn, mail::kChanges, state_.changes, over));
  if (!log_done) return Outcome::More;
  TRY_ASSIGN(const bool expunges_done, read_log(txn, mail::kExpunges, state_.expunges, over));
  if (!expunges_done) return Outcome::More;
  if (state_.record) compare(*state_.record);
  return Outcome::Done;
}

Result<bool> MailboxCheck::read_messages(const ReadTxn& txn, const std::function<bool()>& over) {
  auto cursor = txn.cursor(mail::kMessages);
  TRY_ASSIGN(auto at, cursor.seek(mail::message_key(box_, Uid{state_.next_uid})));
  Message message;
  while (at && at->key.size() >= 8 && mail::big_endian<std::uint64_t>(at->key, 0) == box_.value) {
    if (at->key.size() != kMessageKey) {
      add(Problem::BadKey, mail::kMessages, hex_key(at->key), "a message's key has 12 octets", at->key);
    } else {
      TRY(read_message(txn, *at, message));
    }
    state_.messages += 1;
    state_.message_octets += at->key.size() + at->value.size();
    if (over()) return false;
    TRY_ASSIGN(at, cursor.next());
  }
  return true;
}

Status MailboxCheck::read_message(const ReadTxn& txn, const KeyValue& at, Message& message) {
  const Uid uid = mail::uid_of(at.key);
  state_.next_uid = uid.value == 0xFFFFFFFF ? uid.value : uid.value + 1;
  state_.highest_uid = uid;
  const auto key = [&] { return state_.name + " UID " + std::to_string(uid.value); };
  const auto decoded = mail::decode_message(at.key, at.value, message);
  if (!decoded.ok()) {
    state_.undecoded = true;
    state_.tally.messages += 1;
    add(Problem::BadRecord, mail::kMessages, key(), decoded.error().text, at.key);
    return base::ok();
  }
  mail::count_in(state_.tally, message);
  state_.highest_modseq = std::max(state_.highest_modseq, message.modseq);
  state_.highest_email = std::max(state_.highest_email, message.email.value);
  state_.blobs.push_back(message.blob);
  if (!message.flags.keywords.empty() && message.flags.keywords.back() >= state_.keywords) {
    add(Problem::KeywordUnknown, mail::kMessages, key(),
        "keyword " + std::to_string(message.flags.keywords.back()) + " has no name", at.key);
  }
  const auto blob = mail::load_blob(txn, message.blob);
  if (!blob.ok() && blob.error().code == Errc::NotFound) {
    add(Problem::BodyMissing, mail::kMessages, key(), "its body " + std::to_string(message.blob) + " is not there",
        at.key);
  } else if (!blob.ok() && blob.error().code != Errc::Corrupt) {
    return blob.error();
  } else if (blob.ok() && blob->octets != message.octets) {
    add(Problem::SizeWrong, mail::kMessages, key(), "its size is" + differs("", message.octets, blob->octets), at.key);
  }
  return base::ok();
}

Result<bool> MailboxCheck::read_log(const ReadTxn& txn, Table table, Log& log, const std::function<bool()>& over) {
  auto cursor = txn.cursor(table);
  TRY_ASSIGN(auto at, cursor.seek(mail::change_key(box_, ModSeq{log.next})));
  while (at && at->key.size() >= 8 && mail::big_endian<std::uint64_t>(at->key, 0) == box_.value) {
    log.records += 1;
    log.octets += at->key.size() + at->value.size();
    if (at->key.size() != kChangeKey)
      add(Problem::BadKey, table, hex_key(at->key), "a change's key has 16 octets", at->key);
    else read_change(table, *at, log);
    if (over()) return false;
    TRY_ASSIGN(at, cursor.next());
  }
  return true;
}

void MailboxCheck::read_change(Table table, const KeyValue& at, Log& log) {
  log.newest = mail::big_endian<std::uint64_t>(at.key, 8);
  log.next = log.newest + 1;
  if (log.oldest == 0) log.oldest = log.newest;
  const std::string key = state_.name + " MODSEQ " + std::to_string(log.newest);
  const auto change = mail::decode_change(at.key, at.value);
  if (!change.ok()) {
    add(Problem::BadRecord, table, key, change.error().text, at.key);
  } else if (table.index == mail::kExpunges.index && change->kind != mail::ChangeKind::Expunged) {
    add(Problem::LogWrong, table, key, "it is no expunge", at.key);
  } else if (state_.record && !change->uids.empty() && change->uids.back().last.value >= state_.record->uid_next) {
    add(Problem::UidNextLow, table, key,
        "it names UID " + std::to_string(change->uids.back().last.value) + ", and UIDNEXT is " +
            std::to_string(state_.record->uid_next),
        at.key);
  }
}

// What is wrong with a log's length and reach; empty when nothing is.
std::string MailboxCheck::compare_log(std::string_view what, const Log& log, std::uint64_t entries, ModSeq from) const {
  std::string wrong = differs(what, entries, log.records);
  if (log.oldest != 0 && log.oldest <= from.value) {
    wrong += " " + std::string(what) + " at MODSEQ " + std::to_string(log.oldest) + ", which it says it has trimmed;";
  }
  return wrong;
}

void MailboxCheck::compare(const MailboxRecord& record) {
  const auto key = mail::id_key(box_.value);
  std::string counts = differs("messages", record.messages, state_.tally.messages);
  if (!state_.undecoded) {
    counts += differs("unseen", record.unseen, state_.tally.unseen) +
              differs("deleted", record.deleted, state_.tally.deleted) +
              differs("octets", record.octets, state_.tally.octets);
  }
  if (record.recent_from > record.uid_next)
    counts += " first UID not yet shown as recent " + std::to_string(record.recent_from) + ", and UIDNEXT is " +
              std::to_string(record.uid_next) + ";";
  if (!counts.empty())
    add(Problem::CountsWrong, mail::kMailboxes, state_.name, "it says" + counts.substr(0, counts.size() - 1), key);
  if (state_.highest_uid.value >= record.uid_next) {
    add(Problem::UidNextLow, mail::kMailboxes, state_.name,
        "UIDNEXT is " + std::to_string(record.uid_next) + ", and UID " + std::to_string(state_.highest_uid.value) +
            " is there",
        key);
  }
  const std::uint64_t newest = std::max({state_.highest_modseq.value, state_.changes.newest, state_.expunges.newest});
  if (newest > record.highest_modseq.value) {
    add(Problem::ModSeqLow, mail::kMailboxes, state_.name,
        "HIGHESTMODSEQ is " + std::to_string(record.highest_modseq.value) + ", and MODSEQ " + std::to_string(newest) +
            " is there",
        key);
  }
  std::string log = compare_log("changes", state_.changes, record.log_entries, record.log_from) +
                    compare_log("expunges", state_.expunges, record.expunge_entries, record.expunges_from);
  if (record.log_from > record.highest_modseq || record.expunges_from > record.log_from) {
    log += " reach from MODSEQ " + std::to_string(record.log_from.value) + ", of expunges from " +
           std::to_string(record.expunges_from.value) + ", under HIGHESTMODSEQ " +
           std::to_string(record.highest_modseq.value) + ";";
  }
  if (!log.empty())
    add(Problem::LogWrong, mail::kMailboxes, state_.name, "its log has" + log.substr(0, log.size() - 1), key);
}

}  // namespace hearthmail::store::maintenance
