#include <algorithm>

#include "common/log/log.hpp"
#include "store/mail/expected_uids.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

Result<bool> MessageWalker::accept(const std::optional<lmdb::KeyValue>& found) {
  const bool ours = found && found->key.size() == 12 && big_endian<std::uint64_t>(found->key, 0) == box_.value;
  current_ = ours ? uid_of(found->key).value : std::uint64_t{1} << 32U;  // past every UID
  return ours;
}

// A message whose record is damaged is passed over: it must not hide the others, and nothing is guessed.
Result<bool> MessageWalker::decode(const lmdb::KeyValue& found, Message& message) {
  const Status decoded = decode_message(found.key, found.value, message);
  if (decoded.ok()) return true;
  if (decoded.error().code != Errc::Corrupt) return decoded.error();
  const Uid uid = uid_of(found.key);
  damaged_.push_back(uid);
  log::error("a message's record is damaged; run `hearthmail check`",
             {{"mailbox", box_.value}, {"uid", uid.value}, {"error", decoded.error().text}});
  return false;
}

// The first one from `found` on that can be read.
Result<bool> MessageWalker::read(std::optional<lmdb::KeyValue> found, Message& message) {
  for (;;) {
    TRY_ASSIGN(const bool ours, accept(found));
    if (!ours) return false;
    TRY_ASSIGN(const bool whole, decode(*found, message));
    if (whole) return true;
    TRY_ASSIGN(found, cursor_.next());
  }
}

Result<bool> MessageWalker::at(Uid uid, Message& message) {
  if (current_ != 0 && current_ < uid.value) {
    TRY_ASSIGN(const auto found, cursor_.next());
    TRY_ASSIGN(const bool ours, accept(found));
    if (ours && current_ == uid.value) return decode(*found, message);
    if (current_ > uid.value) return false;
  }
  TRY_ASSIGN(const auto found, cursor_.seek(message_key(box_, uid)));
  TRY_ASSIGN(const bool ours, accept(found));
  if (!ours || current_ != uid.value) return false;
  return decode(*found, message);
}

Result<bool> MessageWalker::first(Uid uid, Message& message) {
  TRY_ASSIGN(const auto found, cursor_.seek(message_key(box_, uid)));
  return read(found, message);
}

Result<bool> MessageWalker::next(Message& message) {
  TRY_ASSIGN(const auto found, cursor_.next());
  return read(found, message);
}

Result<std::vector<Message>> load_messages(const ReadTxn& txn, MailboxId box, std::span<const Uid> uids) {
  std::vector<Message> found;
  found.reserve(uids.size());
  MessageWalker walker(txn, box);
  Message message;
  for (const Uid uid : uids) {
    TRY_ASSIGN(const bool there, walker.at(uid, message));
    if (there) found.push_back(message);
  }
  return found;
}

Result<Appended> append(WriteTxn& txn, MailboxId box, const Arrival& arrival) {
  TRY_ASSIGN(MailboxRecord record, load_record(txn, box));
  if (record.uid_next == 0xFFFFFFFF) return Error{Errc::OverLimit, "the mailbox's UIDs are used up"};
  Message message;
  message.uid = Uid{record.uid_next++};
  message.modseq = ModSeq{++record.highest_modseq.value};
  message.flags.system = arrival.system_flags;
  TRY_ASSIGN(message.flags.keywords, intern_keywords(txn, box, arrival.keywords));
  auto& ids = message.flags.keywords;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  message.internal_date = arrival.internal_date;
  message.zone_minutes = arrival.zone_minutes;
  message.save_date = arrival.save_date;
  message.octets = arrival.body->octets;
  TRY_ASSIGN(message.blob, keep_body(txn, *arrival.body));
  TRY_ASSIGN(message.email.value, next_number(txn, "email"));
  const auto key = message_key(box, message.uid);
  std::string value;
  encode_message(message, key, value);
  TRY(txn.put(kMessages, key, value));
  count_in(record, message);
  TRY(log_change(txn, record, ChangeKind::Arrived, {message.uid}));
  TRY(save_record(txn, record));
  return Appended{record.uid_validity, message.uid, message.email};
}

Result<std::vector<Uid>> list_uids(const ReadTxn& txn, MailboxId box) {
  TRY_ASSIGN(const MailboxRecord record, load_record(txn, box));
  std::vector<Uid> uids;
  uids.reserve(record.messages);
  const auto prefix = id_key(box.value);
  lmdb::Cursor cursor = txn.cursor(kMessages);
  TRY_ASSIGN(auto at, cursor.seek(prefix));
  while (at && at->key.starts_with(std::string_view(prefix))) {
    uids.push_back(uid_of(at->key));
    TRY_ASSIGN(at, cursor.next());
  }
  return uids;
}

// The last UID of a mailbox that has messages.
static Result<Uid> last_uid(const ReadTxn& txn, MailboxId box) {
  lmdb::Cursor cursor = txn.cursor(kMessages);
  TRY_ASSIGN(const auto beyond, cursor.seek(id_key(box.value + 1)));
  TRY_ASSIGN(const auto last, beyond ? cursor.previous() : cursor.last());
  if (!last || !last->key.starts_with(std::string_view(id_key(box.value)))) {
    return Error{Errc::Corrupt, "the mailbox's messages are missing; restore it with `hearthmail restore`"};
  }
  return uid_of(last->key);
}

Result<std::vector<Uid>> expected_uids(const ReadTxn& txn, MailboxId box) {
  TRY_ASSIGN(const MailboxRecord record, load_record(txn, box));
  std::vector<Uid> uids;
  const auto prefix = id_key(box.value);
  lmdb::Cursor cursor = txn.cursor(kMessages);
  TRY_ASSIGN(const auto at, cursor.seek(prefix));
  if (!at || !at->key.starts_with(std::string_view(prefix))) return uids;
  const Uid first = uid_of(at->key);
  TRY_ASSIGN(const Uid last, last_uid(txn, box));
  if (std::uint64_t{last.value} - first.value + 1 != record.messages) return list_uids(txn, box);
  uids.reserve(record.messages);
  for (std::uint64_t uid = first.value; uid <= last.value; ++uid) uids.push_back(Uid{static_cast<std::uint32_t>(uid)});
  return uids;
}

Result<std::optional<Message>> find_message(const ReadTxn& txn, MailboxId box, Uid uid) {
  const auto key = message_key(box, uid);
  TRY_ASSIGN(const auto stored, txn.get(kMessages, key));
  if (!stored) return std::optional<Message>{};
  Message message;
  TRY(decode_message(key, *stored, message));
  return std::optional<Message>{std::move(message)};
}

Result<Uid> scan_messages(const ReadTxn& txn, MailboxId box, Uid first, Uid last,
                          const std::function<bool(const Message&)>& each, std::vector<Uid>* damaged) {
  MessageWalker walker(txn, box);
  Message message;
  Uid stopped{0};
  TRY_ASSIGN(bool there, walker.first(first, message));
  while (there && message.uid <= last) {
    if (!each(message)) {
      if (message.uid < last) stopped = Uid{message.uid.value + 1};
      break;
    }
    TRY_ASSIGN(there, walker.next(message));
  }
  if (damaged != nullptr) {
    for (const Uid uid : walker.damaged()) {
      if (uid <= last) damaged->push_back(uid);
    }
  }
  return stopped;
}

Result<std::uint32_t> claim_recent(WriteTxn& txn, MailboxId box) {
  TRY_ASSIGN(MailboxRecord record, load_record(txn, box));
  const std::uint32_t from = record.recent_from;
  if (from == record.uid_next) return from;
  record.recent_from = record.uid_next;
  TRY(save_record(txn, record));
  return from;
}

}  // namespace hearthmail::store::mail
