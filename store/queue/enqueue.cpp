// How mail comes into the queue, and how it is read.
#include <algorithm>
#include <numeric>
#include <utility>

#include "store/body/body.hpp"
#include "store/queue/queue.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::queue {

using base::Errc;
using base::Error;
using base::Result;

namespace {

Result<QueueId> next_queue_id(WriteTxn& txn) {
  TRY_ASSIGN(const auto stored, txn.get(kCounters, "queue"));
  std::uint64_t last = 0;
  if (stored) {
    TRY_ASSIGN(last, decode_number("queue", *stored));
  } else if (txn.entries(kEntries).value_or(1) + txn.entries(kBodies).value_or(1) > 0) {
    // Numbers are never given twice: a new entry would be written over another one.
    return base::Error{base::Errc::Corrupt, "queue: the counter is missing; `hearthmail check --repair` makes it anew"};
  }
  TRY(txn.put(kCounters, "queue", encode_number("queue", last + 1)));
  return QueueId{last + 1};
}

std::string missing_chunk(QueueId id, std::uint64_t number) {
  return "queue: chunk " + std::to_string(number) + " of entry " + std::to_string(id.value) +
         " is missing or of another length; `hearthmail restore` brings a backup back";
}

// A recipient as it enters: only what the submitter said, and when it is due.
Recipient entering(const Recipient& given, UnixTime arrived) {
  Recipient recipient;
  recipient.address = given.address;
  recipient.original = given.original;
  recipient.notify = given.notify;
  recipient.next_attempt = std::max(given.next_attempt, arrived);
  return recipient;
}

}  // namespace

std::size_t PreparedBody::stored_octets() const {
  return std::accumulate(chunks.begin(), chunks.end(), std::size_t{0},
                         [](std::size_t sum, const std::string& chunk) { return sum + chunk.size(); });
}

PreparedBody prepare_body(std::string_view message) {
  PreparedBody prepared;
  prepared.octets = message.size();
  prepared.chunks = body::encode_chunks(message);
  return prepared;
}

Result<QueueId> enqueue(WriteTxn& txn, const Envelope& envelope, const std::vector<Recipient>& recipients,
                        const PreparedBody& prepared) {
  if (recipients.empty()) return Error{Errc::Invalid, "a queue entry needs a recipient"};
  if (recipients.size() > kMaxRecipients) {
    return Error{Errc::OverLimit, "a queue entry has at most " + std::to_string(kMaxRecipients) + " recipients"};
  }
  Entry entry;
  TRY_ASSIGN(entry.id, next_queue_id(txn));
  entry.envelope = envelope;
  entry.envelope.octets = prepared.octets;
  entry.delivery_id = new_delivery_id();
  for (const Recipient& given : recipients) entry.recipients.push_back(entering(given, envelope.arrived));
  for (std::size_t i = 0; i < prepared.chunks.size(); ++i) {
    const std::string place = chunk_key(entry.id, static_cast<std::uint32_t>(i));
    TRY(txn.insert(kBodies, place, body::bind_chunk(prepared.chunks[i], place)));
  }
  TRY(insert_entry(txn, entry));
  return entry.id;
}

Result<std::vector<Entry>> list(const ReadTxn& txn, std::size_t most) {
  std::vector<Entry> entries;
  auto cursor = txn.cursor(kEntries);
  TRY_ASSIGN(auto at, cursor.seek(""));
  while (at && entries.size() < most) {
    const QueueId id = decode_entry_key(at->key).value_or(QueueId{0});
    auto entry = decode_entry(id, at->value);
    if (entry.ok()) entries.push_back(std::move(*entry));  // one that is damaged must not hide the others
    TRY_ASSIGN(at, cursor.next());
  }
  return entries;
}

Result<std::vector<QueueId>> list_damaged(const ReadTxn& txn) {
  std::vector<QueueId> ids;
  for (const auto table : {kEntries, kDamaged}) {
    auto cursor = txn.cursor(table);
    TRY_ASSIGN(auto at, cursor.seek(""));
    while (at) {
      const auto id = decode_entry_key(at->key);
      if (id.ok() && (table.index == kDamaged.index || !decode_entry(*id, at->value).ok())) ids.push_back(*id);
      TRY_ASSIGN(at, cursor.next());
    }
  }
  return ids;
}

Result<std::string> read_body(const ReadTxn& txn, QueueId id, std::uint64_t offset, std::uint64_t count) {
  TRY_ASSIGN(const auto entry, load_entry(txn, id));
  const std::uint64_t octets = entry.envelope.octets;
  const std::uint64_t begin = std::min(offset, octets);
  const std::uint64_t end = begin + std::min(count, octets - begin);
  std::string out;
  out.reserve(end - begin);
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t number = at / body::kChunkOctets;
    const std::string key = chunk_key(id, static_cast<std::uint32_t>(number));
    TRY_ASSIGN(const auto stored, txn.get(kBodies, key));
    if (!stored) return Error{Errc::Corrupt, missing_chunk(id, number)};
    TRY_ASSIGN(const auto plain, body::decode_chunk(*stored, key));
    const std::uint64_t first = number * body::kChunkOctets;
    if (plain.size() != std::min<std::uint64_t>(body::kChunkOctets, octets - first)) {
      return Error{Errc::Corrupt, missing_chunk(id, number)};
    }
    const std::uint64_t upto = std::min<std::uint64_t>(first + plain.size(), end);
    out.append(plain, at - first, upto - at);
    at = upto;
  }
  return out;
}

Result<std::uint64_t> count(const ReadTxn& txn) { return txn.entries(kEntries); }

Result<std::optional<UnixTime>> next_due(const ReadTxn& txn) {
  auto cursor = txn.cursor(kDue);
  TRY_ASSIGN(const auto first, cursor.seek(""));
  if (!first) return std::optional<UnixTime>{};
  TRY_ASSIGN(const auto due, decode_due_key(first->key));
  return std::optional<UnixTime>{due.time};
}

}  // namespace hearthmail::store::queue
