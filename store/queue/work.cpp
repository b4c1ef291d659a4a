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

// The ids of the first `most` entries that are due, oldest due first.
Result<std::vector<QueueId>> due_ids(const ReadTxn& txn, UnixTime now, std::size_t most) {
  std::vector<QueueId> ids;
  auto cursor = txn.cursor(kDue);
  TRY_ASSIGN(auto at, cursor.seek(""));
  while (at && ids.size() < most) {
    TRY_ASSIGN(const auto due, decode_due_key(at->key));
    if (due.time > now) break;
    ids.push_back(due.id);
    TRY_ASSIGN(at, cursor.next());
  }
  return ids;
}

Result<Claim> claim_entry(WriteTxn& txn, QueueId id, UnixTime now, UnixTime lease_until) {
  TRY_ASSIGN(const auto before, load_entry(txn, id));
  Claim claim;
  claim.entry = before;
  for (std::size_t i = 0; i < before.recipients.size(); ++i) {
    if (!is_due(before.recipients[i], now)) continue;
    TRY(change(claim.entry, i, Step::Claim, State::InFlight));
    claim.entry.recipients[i].lease_until = lease_until;
    claim.recipients.push_back(i);
  }
  TRY(save_entry(txn, before, claim.entry));
  claim.entry.generation = before.generation + 1;
  return claim;
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
  TRY_ASSIGN(const auto ids, due_ids(txn, now, most));
  std::vector<Claim> claims;
  for (const QueueId id : ids) {
    TRY_ASSIGN(auto claim, claim_entry(txn, id, now, lease_until));
    claims.push_back(std::move(claim));
  }
  return claims;
}

Result<std::size_t> release_leases(WriteTxn& txn, UnixTime now) {
  std::vector<Entry> leased;
  {
    auto cursor = txn.cursor(kEntries);  // ends before the changes
    TRY_ASSIGN(auto at, cursor.seek(""));
    while (at) {
      TRY_ASSIGN(const auto id, decode_entry_key(at->key));
      TRY_ASSIGN(auto entry, decode_entry(id, at->value));
      const bool in_flight = std::any_of(entry.recipients.begin(), entry.recipients.end(),
                                         [](const Recipient& one) { return one.state == State::InFlight; });
      if (in_flight) leased.push_back(std::move(entry));
      TRY_ASSIGN(at, cursor.next());
    }
  }
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
    TRY_ASSIGN(auto entry, load_entry(txn, id));
    entries.push_back(std::move(entry));
    TRY_ASSIGN(at, cursor.next());
  }
  return entries;
}

}  // namespace hearthmail::store::queue
