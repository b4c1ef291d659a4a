// The relay's steps: claim, mark, finish, report.
#include <algorithm>
#include <utility>

#include "common/base/text.hpp"
#include "store/queue/queue.hpp"
#include "store/queue/states.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::queue {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

std::string where(const Entry& entry, std::size_t index) {
  return "queue entry " + std::to_string(entry.id.value) + ", recipient " + std::to_string(index);
}

// Applies one change of state, or explains why it is illegal.
Status change(Entry& entry, std::size_t index, Step step, State to) {
  if (index >= entry.recipients.size()) return Error{Errc::Invalid, where(entry, index) + " does not exist"};
  Recipient& recipient = entry.recipients[index];
  const auto result = transition(recipient.state, step, to);
  if (!result) {
    return Error{Errc::Invalid, where(entry, index) + " is " + std::string(name(recipient.state)) +
                                    " and cannot become " + std::string(name(to)) + " now"};
  }
  recipient.state = *result;
  if (*result != State::InFlight) recipient.lease_until = 0;
  return base::ok();
}

bool is_due(const Recipient& recipient, UnixTime now) {
  switch (recipient.state) {
    case State::Waiting:
    case State::InDoubt: return recipient.next_attempt <= now;
    case State::InFlight: return recipient.lease_until <= now;
    case State::Delivered:
    case State::Failed:
    case State::Held: return false;
  }
  return false;
}

struct DueRow {
  std::string key;
  QueueId id;  // 0: the key is none of ours
};

// The rows of the first `most` entries that are due, oldest due first.
Result<std::vector<DueRow>> due_rows(const ReadTxn& txn, UnixTime now, std::size_t most) {
  std::vector<DueRow> rows;
  auto cursor = txn.cursor(kDue);
  TRY_ASSIGN(auto at, cursor.seek(""));
  while (at && rows.size() < most) {
    const auto due = decode_due_key(at->key);
    if (due.ok() && due->time > now) break;
    rows.push_back({std::string(at->key), due.ok() ? due->id : QueueId{0}});
    TRY_ASSIGN(at, cursor.next());
  }
  return rows;
}

Result<Claim> claim_entry(WriteTxn& txn, QueueId id, UnixTime now, UnixTime lease_until) {
  TRY_ASSIGN(const auto before, load_entry(txn, id));
  Claim claim;
  claim.entry = before;
  const auto due = due_time(before);
  if (!due || *due > now) return claim;  // the row was not this entry's
  for (std::size_t i = 0; i < before.recipients.size(); ++i) {
    if (!is_due(before.recipients[i], now)) continue;
    TRY(change(claim.entry, i, Step::Claim, State::InFlight));
    claim.entry.recipients[i].lease_until = lease_until;
    claim.recipients.push_back(i);
  }
  if (claim.entry.delivery_id.empty()) claim.entry.delivery_id = new_delivery_id();  // queued before entries had one
  TRY(save_entry(txn, before, claim.entry));
  claim.entry.generation = before.generation + 1;
  return claim;
}

bool has_leases(const Entry& entry) {
  return std::any_of(entry.recipients.begin(), entry.recipients.end(),
                     [](const Recipient& one) { return one.state == State::InFlight; });
}

// A row that damage took out of an index would leave its entry lying for ever. The keys that `entry` should have and has not.
Status add_missing_rows(const ReadTxn& txn, const Entry& entry,
                        std::vector<std::pair<lmdb::Table, std::string>>& missing) {
  const auto look = [&](lmdb::Table table, std::string key) -> Status {
    TRY_ASSIGN(const auto row, txn.get(table, key));
    if (!row) missing.emplace_back(table, std::move(key));
    return base::ok();
  };
  if (const auto due = due_time(entry)) TRY(look(kDue, due_key(*due, entry.id)));
  if (has_unreported(entry)) TRY(look(kUnreported, entry_key(entry.id)));
  return base::ok();
}

// Writes one outcome into the entry.
Status apply(Entry& entry, const Outcome& outcome, UnixTime now) {
  const bool late =
      outcome.recipient < entry.recipients.size() && entry.recipients[outcome.recipient].state == State::Waiting;
  TRY(change(entry, outcome.recipient, Step::Finish, outcome.state));
  Recipient& recipient = entry.recipients[outcome.recipient];
  if (outcome.counts) ++recipient.attempts;
  recipient.route = outcome.route;
  recipient.reply = base::printable(outcome.reply, kMaxReplyKept);
  recipient.status = outcome.status;
  if (is_finished(recipient.state)) {
    recipient.finished = now;
    recipient.dsn_done = !wants_report(entry.envelope, recipient);
  } else if (!late) {
    recipient.next_attempt = outcome.next_attempt;
  }
  return base::ok();
}

}  // namespace

Result<std::vector<Claim>> claim_due(WriteTxn& txn, UnixTime now, UnixTime lease_until, std::size_t most) {
  if (lease_until <= now) return Error{Errc::Invalid, "a lease must end after now"};
  TRY_ASSIGN(const auto rows, due_rows(txn, now, most));
  std::vector<Claim> claims;
  for (const DueRow& row : rows) {
    auto claim = claim_entry(txn, row.id, now, lease_until);
    if (claim.ok() && !claim->recipients.empty()) {
      claims.push_back(std::move(*claim));
      continue;
    }
    if (!claim.ok() && claim.error().code != Errc::Corrupt && claim.error().code != Errc::NotFound)
      return claim.error();
    // One damaged entry, or a row that does not follow from its entry, must not keep the others from going out.
    if (!claim.ok() && claim.error().code == Errc::Corrupt) TRY(set_aside(txn, row.id, claim.error()));
    TRY(txn.erase(kDue, row.key));
    const auto due = claim.ok() ? due_time(claim->entry) : std::nullopt;
    if (due) TRY(txn.put(kDue, due_key(*due, row.id), ""));
  }
  return claims;
}

Result<std::size_t> release_leases(WriteTxn& txn, UnixTime now) {
  std::vector<Entry> leased;
  std::vector<std::pair<QueueId, Error>> damaged;
  std::vector<std::pair<lmdb::Table, std::string>> missing;
  {
    auto cursor = txn.cursor(kEntries);  // ends before the changes
    TRY_ASSIGN(auto at, cursor.seek(""));
    while (at) {
      const QueueId id = decode_entry_key(at->key).value_or(QueueId{0});
      auto entry = decode_entry(id, at->value);
      if (entry.ok()) TRY(add_missing_rows(txn, *entry, missing));
      if (entry.ok() && has_leases(*entry)) leased.push_back(std::move(*entry));
      if (!entry.ok() && id) damaged.emplace_back(id, entry.error());
      TRY_ASSIGN(at, cursor.next());
    }
  }
  for (const auto& [table, key] : missing) TRY(txn.put(table, key, ""));
  for (const auto& [id, why] : damaged) TRY(set_aside(txn, id, why));
  for (const Entry& before : leased) {
    Entry after = before;
    for (std::size_t i = 0; i < after.recipients.size(); ++i) {
      if (after.recipients[i].state != State::InFlight) continue;
      TRY(change(after, i, Step::Release, State::Waiting));
      after.recipients[i].next_attempt = now;
    }
    TRY(save_entry(txn, before, std::move(after)));
  }
  return leased.size();
}

Status extend_lease(WriteTxn& txn, QueueId id, UnixTime lease_until) {
  TRY_ASSIGN(const auto before, load_entry(txn, id));
  Entry after = before;
  for (Recipient& recipient : after.recipients) {
    if (recipient.state == State::InFlight) recipient.lease_until = lease_until;
  }
  return save_entry(txn, before, std::move(after));
}

Status mark_in_doubt(WriteTxn& txn, QueueId id, const std::vector<std::size_t>& recipients, UnixTime again_at) {
  TRY_ASSIGN(const auto before, load_entry(txn, id));
  Entry after = before;
  for (const std::size_t index : recipients) {
    TRY(change(after, index, Step::MarkInDoubt, State::InDoubt));
    after.recipients[index].next_attempt = again_at;
  }
  return save_entry(txn, before, std::move(after));
}

Status finish(WriteTxn& txn, QueueId id, const std::vector<Outcome>& outcomes, UnixTime now) {
  TRY_ASSIGN(const auto before, load_entry(txn, id));
  Entry after = before;
  for (const Outcome& outcome : outcomes) TRY(apply(after, outcome, now));
  return save_entry(txn, before, std::move(after));
}

Status mark_reported(WriteTxn& txn, QueueId id, const std::vector<std::size_t>& recipients, bool delay_notice) {
  TRY_ASSIGN(const auto before, load_entry(txn, id));
  Entry after = before;
  for (const std::size_t index : recipients) {
    if (index >= after.recipients.size()) return Error{Errc::Invalid, where(after, index) + " does not exist"};
    Recipient& recipient = after.recipients[index];
    if (delay_notice) {
      recipient.delay_notified = true;
      continue;
    }
    if (!is_finished(recipient.state)) return Error{Errc::Invalid, where(after, index) + " has not ended yet"};
    recipient.dsn_done = true;
  }
  return save_entry(txn, before, std::move(after));
}

Result<std::vector<Entry>> list_unreported(const ReadTxn& txn, std::size_t most) {
  std::vector<Entry> entries;
  auto cursor = txn.cursor(kUnreported);
  TRY_ASSIGN(auto at, cursor.seek(""));
  while (at && entries.size() < most) {
    TRY_ASSIGN(const auto id, decode_entry_key(at->key));
    auto entry = load_entry(txn, id);
    if (entry.ok()) entries.push_back(std::move(*entry));  // a damaged one is found by `hearthmail check`
    TRY_ASSIGN(at, cursor.next());
  }
  return entries;
}

}  // namespace hearthmail::store::queue
