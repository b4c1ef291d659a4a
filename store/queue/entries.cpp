// Entries with what follows from them: the due index, the index of owed reports, the body.
#include <algorithm>
#include <utility>

#include "common/log/log.hpp"
#include "store/queue/states.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::queue {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

std::optional<UnixTime> due_time(const Entry& entry) {
  std::optional<UnixTime> lease;
  std::optional<UnixTime> attempt;
  for (const Recipient& recipient : entry.recipients) {
    if (recipient.state == State::InFlight) lease = std::max(lease.value_or(0), recipient.lease_until);
    if (recipient.state != State::Waiting && recipient.state != State::InDoubt) continue;
    attempt = attempt ? std::min(*attempt, recipient.next_attempt) : recipient.next_attempt;
  }
  return lease ? lease : attempt;
}

bool has_unreported(const Entry& entry) {
  return std::any_of(entry.recipients.begin(), entry.recipients.end(),
                     [](const Recipient& one) { return is_finished(one.state) && !one.dsn_done; });
}

bool is_done(const Entry& entry) {
  return std::all_of(entry.recipients.begin(), entry.recipients.end(),
                     [](const Recipient& one) { return is_finished(one.state) && one.dsn_done; });
}

Result<Entry> load_entry(const ReadTxn& txn, QueueId id) {
  TRY_ASSIGN(auto entry, find(txn, id));
  if (!entry) return Error{Errc::NotFound, "no queue entry " + std::to_string(id.value)};
  return std::move(*entry);
}

namespace {

Status erase_indexes(WriteTxn& txn, const Entry& entry) {
  if (const auto due = due_time(entry)) TRY(txn.erase(kDue, due_key(*due, entry.id)));
  if (has_unreported(entry)) TRY(txn.erase(kUnreported, entry_key(entry.id)));
  return base::ok();
}

Status put_entry(WriteTxn& txn, const Entry& entry) {
  TRY(txn.put(kEntries, entry_key(entry.id), encode_entry(entry)));
  if (const auto due = due_time(entry)) TRY(txn.put(kDue, due_key(*due, entry.id), ""));
  if (has_unreported(entry)) TRY(txn.put(kUnreported, entry_key(entry.id), ""));
  return base::ok();
}

}  // namespace

Status insert_entry(WriteTxn& txn, const Entry& entry) { return put_entry(txn, entry); }

Status save_entry(WriteTxn& txn, const Entry& before, Entry after) {
  if (is_done(after)) return erase_entry(txn, before);
  TRY(erase_indexes(txn, before));
  after.generation = before.generation + 1;
  return put_entry(txn, after);
}

Status erase_entry(WriteTxn& txn, const Entry& entry) {
  TRY(erase_indexes(txn, entry));
  TRY(txn.erase(kEntries, entry_key(entry.id)));
  TRY(txn.erase_prefix(kBodies, entry_key(entry.id)));
  return base::ok();
}

Status set_aside(WriteTxn& txn, QueueId id, const Error& why) {
  const std::string key = entry_key(id);
  TRY_ASSIGN(const auto stored, txn.get(kEntries, key));
  if (stored) TRY(txn.put(kDamaged, key, std::string(*stored)));
  TRY(txn.erase(kEntries, key));
  TRY(txn.erase(kUnreported, key));
  std::vector<std::string> rows;  // its time is not known
  {
    auto cursor = txn.cursor(kDue);
    TRY_ASSIGN(auto at, cursor.seek(""));
    while (at) {
      if (at->key.ends_with(key)) rows.emplace_back(at->key);
      TRY_ASSIGN(at, cursor.next());
    }
  }
  for (const std::string& row : rows) TRY(txn.erase(kDue, row));
  log::error("a queue entry is damaged and was set aside; `hearthmail check` says what to do",
             {{"queue_id", id.value}, {"error", why.text}});
  return base::ok();
}

Result<std::optional<Entry>> find(const ReadTxn& txn, QueueId id) {
  TRY_ASSIGN(const auto stored, txn.get(kEntries, entry_key(id)));
  if (!stored) return std::optional<Entry>{};
  TRY_ASSIGN(auto entry, decode_entry(id, *stored));
  return std::optional<Entry>{std::move(entry)};
}

}  // namespace hearthmail::store::queue
