// For store/mail and store/maintenance only: the tables, their keys and their records. FORMAT.md has every octet.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "common/base/delivery_id.hpp"
#include "store/mail/acl.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

using lmdb::Table;

// In the order of kTableNames.
constexpr Table kCounters{0}, kAccounts{1}, kMailboxes{2}, kNames{3}, kSubscriptions{4}, kKeywords{5}, kMessages{6},
    kChanges{7}, kBlobIds{8}, kBlobs{9}, kChunks{10}, kSummaries{11}, kExpunges{12}, kGarbage{13}, kDeliveries{14},
    kDeliveryTimes{15}, kAcl{16}, kAclMembers{17}, kMetadata{18};
constexpr std::array<const char*, 19> kTableNames = {
    "counters",   "accounts",       "mailboxes", "names",       "subscriptions", "keywords", "messages",
    "changes",    "blob_ids",       "blobs",     "chunks",      "summaries",     "expunges", "garbage",
    "deliveries", "delivery_times", "acl",       "acl_members", "metadata"};

// A key of fixed size, built without the heap: big-endian numbers, so that keys sort by them.
template <std::size_t N>
class Key {
 public:
  operator std::string_view() const { return {octets_, N}; }  // NOLINT: implicit by design
  template <class T>
  void put(std::size_t at, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      octets_[at + i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)));
    }
  }

 private:
  char octets_[N] = {};
};

inline Key<8> id_key(std::uint64_t id) {
  Key<8> key;
  key.put(0, id);
  return key;
}
inline Key<12> numbered_key(std::uint64_t id, std::uint32_t number) {
  Key<12> key;
  key.put(0, id);
  key.put(8, number);
  return key;
}
inline Key<12> message_key(MailboxId box, Uid uid) { return numbered_key(box.value, uid.value); }
inline Key<12> chunk_key(std::uint64_t blob, std::uint32_t number) { return numbered_key(blob, number); }
inline Key<16> change_key(MailboxId box, ModSeq modseq) {
  Key<16> key;
  key.put(0, box.value);
  key.put(8, modseq.value);
  return key;
}
constexpr std::size_t kPairKey = 16;  // octets
inline Key<kPairKey> pair_key(std::uint64_t first, std::uint64_t second) {
  Key<kPairKey> key;
  key.put(0, first);
  key.put(8, second);
  return key;
}
constexpr std::size_t kGarbageKey = 16;  // octets
inline Key<kGarbageKey> garbage_key(std::uint64_t dropped, std::uint64_t blob) {
  Key<kGarbageKey> key;
  key.put(0, dropped);
  key.put(8, blob);
  return key;
}
// A delivery of our relay to an account, and when that was.
constexpr std::size_t kDeliveryKey = base::kDeliveryIdOctets + 8, kDeliveryTimeKey = 8 + kDeliveryKey;  // octets
std::string delivery_key(std::string_view delivery, AccountId account);
std::string delivery_time_key(std::uint64_t time, std::string_view delivery_key);
base::Result<std::uint64_t> decode_delivery(std::string_view key, std::string_view value);  // Unix seconds

template <class T>
T big_endian(std::string_view octets, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8U) | static_cast<unsigned char>(octets[at + i]));
  }
  return value;
}
// The UID in a key of the messages table.
inline Uid uid_of(std::string_view key) { return Uid{big_endian<std::uint32_t>(key, 8)}; }

// Mailbox (0: the server), account (0: shared), then the annotation's name.
std::string annotation_key(MailboxId box, AccountId owner, std::string_view name);
// Account, then the name (or its beginning and a hash, when it would be too long for a key).
std::string name_key(AccountId account, std::string_view name);

// ---- records -----------------------------------------------------------------------------------------------------

// A mailbox as stored: the public part and how far its log of changes reaches back.
struct MailboxRecord : Mailbox {
  ModSeq log_from;  // the log holds every change with a greater MODSEQ
  std::uint32_t log_entries = 0;
  ModSeq expunges_from;  // the log and kExpunges together hold every expunge with a greater MODSEQ
  std::uint32_t expunge_entries = 0;
};
base::Result<MailboxRecord> load_record(const ReadTxn& txn, MailboxId box);
base::Status save_record(WriteTxn& txn, const MailboxRecord& record);  // also notifies the mailbox's topic
base::Result<MailboxRecord> decode_record(std::string_view key, std::string_view value);
// Adds (or takes away) one message in the record's counts.
void count_in(MailboxRecord& record, const Message& message);
void count_out(MailboxRecord& record, const Message& message);

// `out` keeps its memory, so that a loop over messages does not allocate.
void encode_message(const Message& message, std::string_view key, std::string& out);
base::Status decode_message(std::string_view key, std::string_view value, Message& message);

// The keys of kAcl are pair_key(mailbox, account), those of kAclMembers pair_key(account, mailbox): one row for each.
base::Result<AclEntry> decode_acl(std::string_view key, std::string_view value);
// Whom a list names, by their keys alone: damaged entries too.
base::Result<std::vector<AccountId>> acl_members(const ReadTxn& txn, MailboxId box);

// The next number of a counter; starts at 1, never gives one twice.
base::Result<std::uint64_t> next_number(WriteTxn& txn, std::string_view counter);

// ---- shared steps ------------------------------------------------------------------------------------------------

// Checks a name and gives it in its stored form ("inbox/x" is "INBOX/x"). Invalid, saying what is wrong.
base::Result<std::string> normal_name(std::string_view name);

// Walks the messages of a mailbox by ascending UIDs; cheap when they are close together.
class MessageWalker {
 public:
  MessageWalker(const ReadTxn& txn, MailboxId box) : box_(box), cursor_(txn.cursor(kMessages)) {}
  // The record of `uid`, or nothing.
  base::Result<bool> at(Uid uid, Message& message);
  // The first record at or after `uid`, then the ones after it.
  base::Result<bool> first(Uid uid, Message& message);
  base::Result<bool> next(Message& message);
  // Those that were passed over because their record is damaged (they are logged).
  const std::vector<Uid>& damaged() const { return damaged_; }

 private:
  base::Result<bool> accept(const std::optional<lmdb::KeyValue>& found);
  base::Result<bool> read(std::optional<lmdb::KeyValue> found, Message& message);
  base::Result<bool> decode(const lmdb::KeyValue& found, Message& message);

  MailboxId box_;
  lmdb::Cursor cursor_;
  std::uint64_t current_ = 0;  // UID under the cursor; 0: not placed yet
  std::vector<Uid> damaged_;
};
// Those of `uids` that exist, in the order given.
base::Result<std::vector<Message>> load_messages(const ReadTxn& txn, MailboxId box, std::span<const Uid> uids);
// Takes messages out of a mailbox: records, counts, log. Bodies are the caller's affair.
base::Status remove_messages(WriteTxn& txn, MailboxRecord& record, const std::vector<Message>& messages);

enum class ChangeKind : std::uint8_t { Arrived = 1, Flags = 2, Expunged = 3 };
struct Change {
  ChangeKind kind = ChangeKind::Arrived;
  std::vector<UidRange> uids;  // ascending
};
base::Result<Change> decode_change(std::string_view key, std::string_view value);
// Logs what happened at the record's highest MODSEQ and trims the log. `uids` may be in any order.
base::Status log_change(WriteTxn& txn, MailboxRecord& record, ChangeKind kind, std::vector<Uid> uids);

// What is known of a body besides its octets.
struct Blob {
  base::BlobId id;
  std::uint64_t octets = 0;
  std::uint64_t references = 0;
  std::uint64_t dropped = 0;  // Unix seconds: when the last reference went; 0 while there is one
};
base::Result<Blob> decode_blob(std::string_view key, std::string_view value);
base::Result<Blob> load_blob(const ReadTxn& txn, std::uint64_t number);  // NotFound, Corrupt
base::Status save_blob(WriteTxn& txn, std::uint64_t number, const Blob& blob);
base::Status save_blob_id(WriteTxn& txn, const base::BlobId& id, std::uint64_t number);
base::Result<std::optional<std::uint64_t>> find_blob(const ReadTxn& txn, const base::BlobId& id);
// Writes the body's new number of references, with its row of `garbage` that comes or goes.
base::Status set_references(WriteTxn& txn, std::uint64_t number, Blob blob, std::uint64_t references);

// The number of the body, stored unless it is there, with one reference more.
base::Result<std::uint64_t> keep_body(WriteTxn& txn, const PreparedBody& body);
// Adds or gives back one reference per entry of `blobs` (any order, repeats). A body without any is garbage from then on.
base::Status add_references(WriteTxn& txn, std::vector<std::uint64_t> blobs);
base::Status drop_references(WriteTxn& txn, std::vector<std::uint64_t> blobs);

}  // namespace hearthmail::store::mail
