// The log of changes of a mailbox: what arrived, changed flags or was expunged at which MODSEQ (RFC 7162). When a record
// leaves the log, an expunge moves on into a table of its own, which reaches much further back.
#include <algorithm>

#include "common/base/bytes.hpp"
#include "store/body/body.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

// Ranges of ascending UIDs: how many, then for each its distance from the end of the one before and its length less 1.
void encode_ranges(const std::vector<Uid>& uids, Encoder& out) {
  Encoder ranges;
  std::uint64_t count = 0;
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < uids.size();) {
    std::size_t last = i;
    while (last + 1 < uids.size() && uids[last + 1].value == uids[last].value + 1) ++last;
    ranges.varint(uids[i].value - before).varint(last - i);
    before = uids[last].value;
    i = last + 1;
    ++count;
  }
  out.varint(count).raw(ranges.str());
}

Status decode_ranges(Decoder& in, std::vector<UidRange>& ranges) {
  const std::uint64_t count = in.varint();
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t first = at + in.varint();
    const std::uint64_t more = in.varint();
    if (!in.ok() || first > 0xFFFFFFFF || more > 0xFFFFFFFF - first) break;
    at = first + more;
    ranges.push_back({Uid{static_cast<std::uint32_t>(first)}, Uid{static_cast<std::uint32_t>(at)}});
  }
  return in.finish("change");
}

// Ascending, disjoint, neighbours joined.
void join(std::vector<UidRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const UidRange& a, const UidRange& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (const UidRange& range : ranges) {
    // 64 bits, so that a range up to the last UID does not wrap.
    if (kept > 0 && range.first.value <= std::uint64_t{ranges[kept - 1].last.value} + 1) {
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

// The UIDs of `ranges` that are not in `without`; both joined.
std::vector<Uid> uids_of(const std::vector<UidRange>& ranges, const std::vector<UidRange>& without) {
  std::vector<Uid> uids;
  auto gone = without.begin();
  for (const auto& [first, last] : ranges) {
    for (std::uint64_t uid = first.value; uid <= last.value; ++uid) {
      while (gone != without.end() && gone->last.value < uid) ++gone;
      if (gone != without.end() && gone->first.value <= uid) {
        uid = gone->last.value;
      } else {
        uids.push_back(Uid{static_cast<std::uint32_t>(uid)});
      }
    }
  }
  return uids;
}

// The key of the mailbox's oldest record in `table`; empty when there is none.
Result<std::string> oldest_key(const ReadTxn& txn, Table table, MailboxId box) {
  lmdb::Cursor cursor = txn.cursor(table);
  TRY_ASSIGN(const auto oldest, cursor.seek(id_key(box.value)));
  if (!oldest || big_endian<std::uint64_t>(oldest->key, 0) != box.value) return std::string();
  return std::string(oldest->key);
}

// The log's oldest record goes; what it says of an expunge is kept apart, under the same key.
Status keep_expunge(WriteTxn& txn, MailboxRecord& record, std::string_view key) {
  TRY_ASSIGN(const auto stored, txn.get(kChanges, key));
  if (!stored) return Error{Errc::Corrupt, "a record of the log has vanished"};
  TRY_ASSIGN(const std::string_view plain, body::unseal(*stored, key));
  if (static_cast<ChangeKind>(Decoder(plain).u8()) != ChangeKind::Expunged) return base::ok();
  const std::string value(*stored);
  TRY(txn.put(kExpunges, key, value));
  record.expunge_entries += 1;
  if (record.expunge_entries <= kMaxExpungeEntries) return base::ok();
  TRY_ASSIGN(const std::string oldest, oldest_key(txn, kExpunges, record.id));
  if (oldest.empty()) return base::ok();
  record.expunges_from = ModSeq{big_endian<std::uint64_t>(oldest, 8)};
  record.expunge_entries -= 1;
  TRY(txn.erase(kExpunges, oldest));
  return base::ok();
}

// Drops the oldest entries until the log has its size.
Status trim(WriteTxn& txn, MailboxRecord& record) {
  while (record.log_entries > kMaxLogEntries) {
    TRY_ASSIGN(const std::string key, oldest_key(txn, kChanges, record.id));
    if (key.empty()) break;
    TRY(keep_expunge(txn, record, key));
    record.log_from = ModSeq{big_endian<std::uint64_t>(key, 8)};
    TRY(txn.erase(kChanges, key));
    record.log_entries -= 1;
  }
  return base::ok();
}

// Adds what the records of `table` after `since` say: expunges, and everything else into `changed`.
Status read_table(const ReadTxn& txn, Table table, MailboxId box, ModSeq since, std::vector<UidRange>& changed,
                  std::vector<UidRange>& expunged) {
  lmdb::Cursor cursor = txn.cursor(table);
  TRY_ASSIGN(auto at, cursor.seek(change_key(box, ModSeq{since.value + 1})));
  while (at && big_endian<std::uint64_t>(at->key, 0) == box.value) {
    TRY_ASSIGN(const std::string_view plain, body::unseal(at->value, at->key));
    Decoder in(plain);
    const auto kind = static_cast<ChangeKind>(in.u8());
    TRY(decode_ranges(in, kind == ChangeKind::Expunged ? expunged : changed));
    TRY_ASSIGN(at, cursor.next());
  }
  return base::ok();
}

// Every UID below uid_next that is not there.
Result<std::vector<UidRange>> holes(const ReadTxn& txn, const MailboxRecord& record) {
  TRY_ASSIGN(const std::vector<Uid> present, list_uids(txn, record.id));
  std::vector<UidRange> ranges;
  std::uint32_t next = 1;
  const auto hole_up_to = [&](std::uint32_t uid) {
    if (next < uid) ranges.push_back({Uid{next}, Uid{uid - 1}});
  };
  for (const Uid uid : present) {
    hole_up_to(uid.value);
    next = uid.value + 1;
  }
  hole_up_to(record.uid_next);
  return ranges;
}

// The log does not reach back: the messages' own MODSEQ says what changed.
Status scan_changed(const ReadTxn& txn, MailboxId box, ModSeq since, Changes& changes) {
  TRY(scan_messages(txn, box, Uid{1}, Uid{0xFFFFFFFF}, [&](const Message& message) {
    if (message.modseq > since) changes.changed.push_back(message.uid);
    return true;
  }));
  return base::ok();
}

}  // namespace

Result<Change> decode_change(std::string_view key, std::string_view value) {
  TRY_ASSIGN(const std::string_view plain, body::unseal(value, key));
  Decoder in(plain);
  Change change;
  change.kind = static_cast<ChangeKind>(in.u8());
  TRY(decode_ranges(in, change.uids));
  return change;
}

Status log_change(WriteTxn& txn, MailboxRecord& record, ChangeKind kind, std::vector<Uid> uids) {
  if (!std::is_sorted(uids.begin(), uids.end())) std::sort(uids.begin(), uids.end());
  Encoder out;
  out.u8(static_cast<std::uint8_t>(kind));
  encode_ranges(uids, out);
  const auto key = change_key(record.id, record.highest_modseq);
  TRY(txn.put(kChanges, key, body::seal(out.str(), key)));
  record.log_entries += 1;
  return trim(txn, record);
}

Result<Changes> changes_since(const ReadTxn& txn, MailboxId box, ModSeq since) {
  TRY_ASSIGN(const MailboxRecord record, load_record(txn, box));
  Changes changes;
  changes.highest = record.highest_modseq;
  changes.uid_next = record.uid_next;
  if (since >= record.highest_modseq) return changes;
  changes.exact = since >= record.expunges_from;
  std::vector<UidRange> touched;
  if (changes.exact) {
    TRY(read_table(txn, kChanges, box, since, touched, changes.expunged));
    if (since < record.log_from) TRY(read_table(txn, kExpunges, box, since, touched, changes.expunged));
    join(changes.expunged);
  } else {
    TRY_ASSIGN(changes.expunged, holes(txn, record));
  }
  if (since < record.log_from) {
    TRY(scan_changed(txn, box, since, changes));
    return changes;
  }
  join(touched);
  changes.changed = uids_of(touched, changes.expunged);
  return changes;
}

}  // namespace hearthmail::store::mail
