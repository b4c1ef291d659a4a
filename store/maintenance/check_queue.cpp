// The queue: each entry with its body, and the two indexes that follow from the entries.
#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/body/body.hpp"
#include "store/maintenance/scan.hpp"
#include "store/queue/states.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::maintenance {

using namespace queue;
using base::Decoder;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t kIdKey = 8, kChunkKey = 12, kDueKey = 16;  // octets

std::string entry_name(QueueId id) { return "entry " + std::to_string(id.value); }

// What the table of states (FORMAT.md) does not allow; empty when all is well.
std::string illegal(const Entry& entry) {
  if (entry.recipients.empty()) return "it has no recipient";
  if (entry.recipients.size() > kMaxRecipients) return "it has over " + std::to_string(kMaxRecipients) + " recipients";
  if (is_done(entry)) return "all its recipients have ended with no report owed, and it is still there";
  for (const Recipient& one : entry.recipients) {
    const std::string who = quoted(one.address) + " is " + std::string(name(one.state)) + " and ";
    if ((one.state == State::InFlight) != (one.lease_until != 0))
      return who + (one.lease_until != 0 ? "has a lease" : "has no lease");
    if (!is_finished(one.state) && (one.finished != 0 || one.dsn_done)) return who + "has an end";
    if (one.address.empty()) return "a recipient has no address";
  }
  return {};
}

class QueueCheck {
 public:
  QueueCheck(queue::Store& store, const CheckOptions& options, Report& report)
      : scan_(store.env(), "queue", table_names(), options, report) {}

  Status run() {
    TRY(scan_.walk(kEntries, [this](const ReadTxn& txn, const KeyValue& at) { return entry(txn, at); }));
    TRY(scan_.walk(kDue, [this](const ReadTxn& txn, const KeyValue& at) { return due(txn, at); }));
    TRY(scan_.walk(kUnreported, [this](const ReadTxn& txn, const KeyValue& at) { return unreported(txn, at); }));
    TRY(scan_.walk(kBodies, [this](const ReadTxn& txn, const KeyValue& at) { return chunk(txn, at); }));
    TRY(scan_.walk(kDamaged, [this](const ReadTxn&, const KeyValue& at) { return damaged(at); }));
    TRY(scan_.walk(kPauses, [this](const ReadTxn&, const KeyValue& at) { return pause(at); }));
    // Last: a counter only grows, so one that is read later is over every number seen before.
    TRY(scan_.walk(kCounters, [this](const ReadTxn&, const KeyValue& at) { return counter(at); }));
    if (counted_ && *counted_ < highest_) {
      scan_.add(Problem::CounterBehind, kCounters, "queue",
                "it says " + std::to_string(*counted_) + ", and entry " + std::to_string(highest_) + " is there",
                "queue");
    }
    return base::ok();
  }

 private:
  Result<Step> entry(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kIdKey) {
      scan_.add(Problem::BadKey, kEntries, hex_key(at.key), "a queue number has 8 octets", at.key);
      return Step{};
    }
    TRY_ASSIGN(const QueueId id, decode_entry_key(at.key));
    highest_ = std::max(highest_, id.value);
    const auto entry = decode_entry(id, at.value);
    if (!entry.ok()) {
      scan_.add(Problem::BadRecord, kEntries, entry_name(id), entry.error().text, at.key);
      return Step{};
    }
    if (const std::string wrong = illegal(*entry); !wrong.empty()) {
      scan_.add(Problem::EntryIllegal, kEntries, entry_name(id), wrong, at.key);
    }
    TRY(indexes(txn, *entry, at.key));
    TRY(body(txn, *entry, at.key));
    return Step{};
  }

  Status indexes(const ReadTxn& txn, const Entry& entry, std::string_view key) {
    if (const auto time = due_time(entry)) {
      TRY_ASSIGN(const auto row, txn.get(kDue, due_key(*time, entry.id)));
      if (!row)
        scan_.add(Problem::DueWrong, kDue, entry_name(entry.id),
                  "it is due at " + base::rfc3339(*time) + ", and the index does not say so", key);
    }
    if (has_unreported(entry)) {
      TRY_ASSIGN(const auto row, txn.get(kUnreported, key));
      if (!row)
        scan_.add(Problem::UnreportedWrong, kUnreported, entry_name(entry.id),
                  "a report is owed, and the index does not say so", key);
    }
    return base::ok();
  }

  // Every chunk, in the snapshot in which the entry was seen: it is at most one message.
  Status body(const ReadTxn& txn, const Entry& entry, std::string_view key) {
    const std::uint64_t octets = entry.envelope.octets;
    const std::uint64_t chunks = (octets + body::kChunkOctets - 1) / body::kChunkOctets;
    std::string wrong;
    for (std::uint64_t i = 0; i < chunks && wrong.empty(); ++i) {
      const std::string place = chunk_key(entry.id, static_cast<std::uint32_t>(i));
      TRY_ASSIGN(const auto stored, txn.get(kBodies, place));
      const auto plain = stored ? body::decode_chunk(*stored, place) : Result<std::string>(std::string());
      const std::uint64_t wanted = std::min<std::uint64_t>(body::kChunkOctets, octets - i * body::kChunkOctets);
      const std::string which = "chunk " + std::to_string(i) + " of " + std::to_string(chunks);
      if (!stored) wrong = which + " is missing";
      else if (!plain.ok()) wrong = which + ": " + plain.error().text;
      else if (plain->size() != wanted) wrong = which + " has another length";
    }
    if (!wrong.empty()) scan_.add(Problem::EntryBodyDamaged, kBodies, entry_name(entry.id), wrong, key);
    return base::ok();
  }

  // What the entry says; nullopt when there is none, or none that can be read.
  static Result<std::optional<Entry>> entry_of(const ReadTxn& txn, QueueId id, bool& readable) {
    auto found = find(txn, id);
    TRY_ASSIGN(const auto aside, txn.get(kDamaged, entry_key(id)));
    readable = found.ok() && !aside;
    if (!readable) return std::optional<Entry>{};
    return found;
  }

  Result<Step> due(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kDueKey) {
      scan_.add(Problem::BadKey, kDue, hex_key(at.key), "a due key has 16 octets", at.key);
      return Step{};
    }
    TRY_ASSIGN(const Due row, decode_due_key(at.key));
    bool readable = false;
    TRY_ASSIGN(const auto entry, entry_of(txn, row.id, readable));
    if (!readable) return Step{};  // reported where it lies
    const auto time = entry ? due_time(*entry) : std::nullopt;
    if (!time || due_key(*time, row.id) != at.key) {
      scan_.add(Problem::DueWrong, kDue, entry_name(row.id),
                entry ? "the index has another time than the entry" : "the index names an entry that is not there",
                at.key);
    }
    return Step{};
  }

  Result<Step> unreported(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kIdKey) {
      scan_.add(Problem::BadKey, kUnreported, hex_key(at.key), "a queue number has 8 octets", at.key);
      return Step{};
    }
    TRY_ASSIGN(const QueueId id, decode_entry_key(at.key));
    bool readable = false;
    TRY_ASSIGN(const auto entry, entry_of(txn, id, readable));
    if (readable && (!entry || !has_unreported(*entry))) {
      scan_.add(Problem::UnreportedWrong, kUnreported, entry_name(id),
                entry ? "no report is owed" : "the index names an entry that is not there", at.key);
    }
    return Step{};
  }

  // Contents are looked at with the entry; here: does the chunk belong to one?
  Result<Step> chunk(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kChunkKey) {
      scan_.add(Problem::BadKey, kBodies, hex_key(at.key), "a chunk's key has 12 octets", at.key);
      return Step{};
    }
    Decoder in(at.key);
    const QueueId id{in.u64()};
    const std::uint32_t number = in.u32();
    bool readable = false;
    TRY_ASSIGN(const auto entry, entry_of(txn, id, readable));
    if (!readable) return Step{};
    const std::uint64_t chunks = entry ? (entry->envelope.octets + body::kChunkOctets - 1) / body::kChunkOctets : 0;
    if (number >= chunks) {
      scan_.add(Problem::Orphan, kBodies, entry_name(id) + " chunk " + std::to_string(number),
                entry ? "the message is shorter" : "there is no such entry", at.key);
    }
    return Step{};
  }

  Result<Step> damaged(const KeyValue& at) {
    const QueueId id = decode_entry_key(at.key).value_or(QueueId{0});
    const auto entry = decode_entry(id, at.value);
    const std::string why = entry.ok() ? "it can be read" : entry.error().text;
    scan_.add(Problem::EntrySetAside, kDamaged, entry_name(id), why, at.key);
    return Step{};
  }

  Result<Step> pause(const KeyValue& at) {
    const auto pause = decode_pause(at.key, at.value);
    if (!pause.ok()) scan_.add(Problem::BadRecord, kPauses, "route " + quoted(at.key), pause.error().text, at.key);
    return Step{};
  }

  Result<Step> counter(const KeyValue& at) {
    const auto number = decode_number(at.key, at.value);
    if (!number.ok())
      scan_.add(Problem::BadRecord, kCounters, quoted(at.key), number.error().text, at.key), counted_.reset();
    else if (at.key == "queue") counted_ = *number;
    return Step{};
  }

  Scan scan_;
  std::uint64_t highest_ = 0;  // number seen
  std::optional<std::uint64_t> counted_ = 0;
};

}  // namespace

Status check_queue(queue::Store& store, const CheckOptions& options, Report& report) {
  return QueueCheck(store, options, report).run();
}

}  // namespace hearthmail::store::maintenance
