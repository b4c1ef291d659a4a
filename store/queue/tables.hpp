// The tables of the queue environment and their records; store/FORMAT.md has every key and octet.
// For store/queue and store/maintenance only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/lmdb/env.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::store::queue {

constexpr std::uint32_t kFormatVersion = 1;

constexpr lmdb::Table kCounters{0};    // "queue" -> the last queue id given out
constexpr lmdb::Table kEntries{1};     // queue id -> envelope and recipients
constexpr lmdb::Table kDue{2};         // time, queue id -> nothing
constexpr lmdb::Table kBodies{3};      // queue id, chunk number -> chunk
constexpr lmdb::Table kUnreported{4};  // queue id -> nothing
constexpr lmdb::Table kPauses{5};      // route -> pause
constexpr lmdb::Table kDamaged{6};     // queue id -> an entry's octets that could not be read

std::vector<std::string> table_names();

std::string entry_key(QueueId id);
base::Result<QueueId> decode_entry_key(std::string_view key);
std::string chunk_key(QueueId id, std::uint32_t number);
std::string due_key(UnixTime time, QueueId id);
struct Due {
  UnixTime time = 0;
  QueueId id;
};
base::Result<Due> decode_due_key(std::string_view key);

// Values, sealed together with their key. Decoders give Corrupt, naming the record.
std::string encode_number(std::string_view key, std::uint64_t value);
base::Result<std::uint64_t> decode_number(std::string_view key, std::string_view stored);
std::string new_delivery_id();
std::string encode_entry(const Entry& entry);
base::Result<Entry> decode_entry(QueueId id, std::string_view stored);
std::string encode_pause(const RoutePause& pause);
base::Result<RoutePause> decode_pause(std::string_view route, std::string_view stored);

// When the relay has to look at the entry: nullopt when nothing waits. While a recipient is in flight, the end of the
// lease (the entry is worked on once); else the earliest next_attempt of those that wait or are in doubt.
std::optional<UnixTime> due_time(const Entry& entry);
// Some recipient's end is known, and the report that is wanted about it is not queued yet.
bool has_unreported(const Entry& entry);
// Every recipient has ended and no report is owed.
bool is_done(const Entry& entry);

// Moves an entry that cannot be read out of the way, into kDamaged, with every index row of its; logged. Its body stays.
base::Status set_aside(WriteTxn& txn, QueueId id, const base::Error& why);

// Errors: NotFound, Corrupt.
base::Result<Entry> load_entry(const ReadTxn& txn, QueueId id);

// Writes `after` in place of `before` (which must be what load_entry gave) with the indexes that follow from it, and
// counts the generation. An entry that is done is removed with its body.
base::Status save_entry(WriteTxn& txn, const Entry& before, Entry after);
base::Status insert_entry(WriteTxn& txn, const Entry& entry);
base::Status erase_entry(WriteTxn& txn, const Entry& entry);

}  // namespace hearthmail::store::queue
