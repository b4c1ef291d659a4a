// The outgoing queue: enqueue, claim, finish. Submission writes, the relay claims and finishes, the operator's command
// lists, holds and deletes; all of them are processes of their own, so every step is one transaction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "store/lmdb/env.hpp"

namespace hearthmail::store::queue {

using base::AccountId;
using base::QueueId;
using base::UnixTime;
using lmdb::ReadTxn;
using lmdb::WriteTxn;

constexpr std::size_t kMaxRecipients = 1'000;  // of one entry, limits.md
constexpr std::size_t kMaxReplyKept =
    500;  // octets of the last answer that are kept; a reply line has 512, RFC 5321 §4.5.3.1.5

// The legal states of a recipient and who may change them are a table in store/FORMAT.md.
enum class State : std::uint8_t {
  Waiting,    // due at next_attempt
  InFlight,   // claimed by the relay until lease_until
  InDoubt,    // the last octet was sent, no answer was seen; tried again at next_attempt
  Delivered,  // accepted by the next hop
  Failed,     // permanently refused, expired or deleted
  Held,       // the operator stopped it
};

// RFC 3461 §4.1
enum Notify : std::uint8_t {
  kNotifyDefault = 0,
  kNotifyNever = 1,
  kNotifySuccess = 2,
  kNotifyFailure = 4,
  kNotifyDelay = 8
};
enum class Ret : std::uint8_t { Default, Full, Headers };  // RFC 3461 §4.3

struct Recipient {
  std::string address;   // forward-path without brackets
  std::string original;  // ORCPT value as given ("rfc822;..."), RFC 3461 §4.2; may be empty
  std::uint8_t notify = kNotifyDefault;
  State state = State::Waiting;
  std::uint32_t attempts = 0;  // those that count: a paused route does not
  UnixTime next_attempt = 0;
  UnixTime lease_until = 0;  // InFlight only
  std::string route;         // of the last attempt
  std::string reply;         // last answer in words, one line ("550 5.1.1 no such user")
  std::string status;        // enhanced code of that answer ("5.1.1"), or empty
  UnixTime finished = 0;
  bool delay_notified = false;
  bool dsn_done = false;  // a report about its end was made, or none is wanted
};

struct Envelope {
  std::string reverse_path;  // without brackets; empty for a DSN
  AccountId account;         // who submitted; 0 for our own DSNs
  std::string envid;         // RFC 3461 §4.4, decoded
  Ret ret = Ret::Default;
  bool eight_bit = false;  // BODY=8BITMIME was given
  bool smtputf8 = false;   // RFC 6531
  UnixTime arrived = 0;
  std::uint64_t octets = 0;  // of the message, set by enqueue
  std::string message_id;    // for the operator's list
};

struct Entry {
  QueueId id;
  Envelope envelope;
  std::vector<Recipient> recipients;
  std::uint32_t generation = 0;  // grows with every change of the entry
  // Random, given once by enqueue: names the entry's delivery to our own receiver in every attempt, also after a restore.
  // A queue id would not do: a queue that is made anew counts from 1.
  std::string delivery_id;
};

// A body made ready on any thread (chunks, checksums), so that the transaction is only puts.
struct PreparedBody {
  std::uint64_t octets = 0;
  std::vector<std::string> chunks;
  std::size_t stored_octets() const;
};
PreparedBody prepare_body(std::string_view message);

// Errors: Invalid (no recipients), OverLimit (kMaxRecipients). Every recipient starts Waiting, due now, unless its next_attempt says later.
base::Result<QueueId> enqueue(WriteTxn& txn, const Envelope& envelope, const std::vector<Recipient>& recipients,
                              const PreparedBody& body);

// One piece of work: some recipients of one entry.
struct Claim {
  Entry entry;
  std::vector<std::size_t> recipients;  // indexes into entry.recipients that were due
};
// Takes up to `most` entries with due recipients (Waiting or InDoubt with next_attempt <= now, or InFlight whose lease
// ran out), oldest due first; entries that are damaged are set aside. Marks them InFlight until `lease_until`. Entries on which some recipient is still
// in flight under a running lease are passed over, so that one entry is worked on once.
base::Result<std::vector<Claim>> claim_due(WriteTxn& txn, UnixTime now, UnixTime lease_until, std::size_t most);
// Gives every lease back at once, and writes rows of the indexes that are missing: called by the relay at its start, when
// no other relay can be running. How many entries had a lease.
base::Result<std::size_t> release_leases(WriteTxn& txn, UnixTime now);
// For all of the entry's recipients that are in flight. NotFound: the operator removed the entry.
base::Status extend_lease(WriteTxn& txn, QueueId id, UnixTime lease_until);
// Commits "the final octets are about to be sent" for these recipients (State::InDoubt), due again at `again_at`. Do not
// send them on an error: Invalid (the operator has put the entry on hold meanwhile), NotFound (removed).
base::Status mark_in_doubt(WriteTxn& txn, QueueId id, const std::vector<std::size_t>& recipients, UnixTime again_at);

// What became of one recipient in one attempt.
struct Outcome {
  std::size_t recipient = 0;
  State state = State::Waiting;  // Waiting (with next_attempt), InDoubt, Delivered or Failed
  UnixTime next_attempt = 0;
  bool counts = true;  // adds one to attempts
  std::string route;
  std::string reply;
  std::string status;
};
// Writes the outcomes. dsn_done is set for ends that nobody wants to hear of (RFC 3461 §4.1: NOTIFY=NEVER, a success
// without NOTIFY=SUCCESS, an empty reverse-path); the others show up in list_unreported until mark_reported. Errors:
// Invalid (an illegal change of state; nothing is written), NotFound. A recipient that was put on hold in flight stays
// Held unless it was Delivered or Failed; one that is Waiting again (the operator's retry) stays so unless it was Delivered. An entry whose recipients are all Delivered or Failed with dsn_done is removed with its body.
base::Status finish(WriteTxn& txn, QueueId id, const std::vector<Outcome>& outcomes, UnixTime now);
// Records that reports for these recipients are queued (call in the same transaction as enqueue of the DSN).
base::Status mark_reported(WriteTxn& txn, QueueId id, const std::vector<std::size_t>& recipients, bool delay_notice);
// Entries with a recipient that has ended while its report is still owed (dsn_done is false), oldest first. Non-empty at
// the relay's start when it was killed between finish and mark_reported. An index: it never scans the queue.
base::Result<std::vector<Entry>> list_unreported(const ReadTxn& txn, std::size_t most);

base::Result<std::optional<UnixTime>> next_due(const ReadTxn& txn);  // nullopt: nothing waits
base::Result<std::optional<Entry>> find(const ReadTxn& txn, QueueId id);
base::Result<std::vector<Entry>> list(const ReadTxn& txn, std::size_t most);  // oldest first, without damaged ones
// Entries whose record cannot be read. The relay sets them aside when it meets them; remove() takes them away.
base::Result<std::vector<QueueId>> list_damaged(const ReadTxn& txn);
base::Result<std::uint64_t> count(const ReadTxn& txn);  // entries in all
// The octets [offset, offset + count) of the message, cut at its end. NotFound, Corrupt: never wrong octets.
base::Result<std::string> read_body(const ReadTxn& txn, QueueId id, std::uint64_t offset, std::uint64_t count);

// The operator's steps. They leave recipients alone that are Delivered or Failed; retry_now also those in flight. All
// three: NotFound.
base::Status retry_now(WriteTxn& txn, QueueId id, UnixTime now);  // also ends Held
base::Status hold(WriteTxn& txn, QueueId id);
base::Status remove(WriteTxn& txn, QueueId id);  // no DSN is made

// A route's pause, kept in the queue database so that it survives a restart and the command can show and lift it.
struct RoutePause {
  std::string route;
  std::string reason;  // in words, with what to do
  UnixTime since = 0;
  UnixTime until = 0;  // when the relay probes again; 0: only the operator resumes it
  bool by_operator = false;
};
// Replaces an earlier pause of the route; but one by the operator is only replaced by the operator.
base::Status pause_route(WriteTxn& txn, const RoutePause& pause);
base::Status resume_route(WriteTxn& txn, std::string_view route);  // ok when it was not paused
base::Result<std::vector<RoutePause>> list_pauses(const ReadTxn& txn);

class Store {
 public:
  static base::Result<std::unique_ptr<Store>> open(const std::string& directory,
                                                   lmdb::Misplaced misplaced = lmdb::Misplaced::Report);
  lmdb::Env& env() { return *env_; }

 private:
  Store() = default;
  std::unique_ptr<lmdb::Env> env_;
};

}  // namespace hearthmail::store::queue
