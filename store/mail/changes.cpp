// The log of changes of a mailbox: what arrived, changed flags or was expunged at which MODSEQ (RFC 7162).
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

Status decode_ranges(Decoder& in, std::vector<Uid>& uids) {
  const std::uint64_t count = in.varint();
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t first = at + in.varint();
    const std::uint64_t more = in.varint();
    if (!in.ok() || first > 0xFFFFFFFF || more > 0xFFFFFFFF - first) break;
    at = first + more;
    for (std::uint64_t uid = first; uid <= at; ++uid) uids.push_back(Uid{static_cast<std::uint32_t>(uid)});
  }
  return in.finish("change");
}

void make_set(std::vector<Uid>& uids) {
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
}

// Drops the oldest entries until the log has its size.
Status trim(WriteTxn& txn, MailboxRecord& record) {
  while (record.log_entries > kMaxLogEntries) {
    std::string key;
    {
      lmdb::Cursor cursor = txn.cursor(kChanges);
      TRY_ASSIGN(const auto oldest, cursor.seek(id_key(record.id.value)));
      if (!oldest || big_endian<std::uint64_t>(oldest->key, 0) != record.id.value) break;
      key = oldest->key;
    }
    record.log_from = ModSeq{big_endian<std::uint64_t>(key, 8)};
    TRY(txn.erase(kChanges, key));
    record.log_entries -= 1;
  }
  return base::ok();
}

// Everything that the log says after `since`.
Status read_log(const ReadTxn& txn, MailboxId box, ModSeq since, Changes& changes) {
  lmdb::Cursor cursor = txn.cursor(kChanges);
  TRY_ASSIGN(auto at, cursor.seek(change_key(box, ModSeq{since.value + 1})));
  while (at && big_endian<std::uint64_t>(at->key, 0) == box.value) {
    TRY_ASSIGN(const std::string_view plain, body::unseal(at->value, at->key));
    Decoder in(plain);
    const auto kind = static_cast<ChangeKind>(in.u8());
    TRY(decode_ranges(in, kind == ChangeKind::Expunged ? changes.expunged : changes.changed));
    TRY_ASSIGN(at, cursor.next());
  }
  make_set(changes.changed);
  make_set(changes.expunged);
  std::vector<Uid> present;
  std::set_difference(changes.changed.begin(), changes.changed.end(), changes.expunged.begin(), changes.expunged.end(),
                      std::back_inserter(present));
  changes.changed = std::move(present);
  return base::ok();
}

}  // namespace

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
  changes.exact = since >= record.log_from;
  if (changes.exact) {
    TRY(read_log(txn, box, since, changes));
    return changes;
  }
  TRY(scan_messages(txn, box, Uid{1}, Uid{0xFFFFFFFF}, [&](const Message& message) {
    if (message.modseq > since) changes.changed.push_back(message.uid);
    return true;
  }));
  return changes;
}

}  // namespace hearthmail::store::mail
