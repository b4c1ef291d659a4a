// The records of bodies: how many messages refer to one, and the grace of those that none refers to any more.
#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "store/body/body.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::BlobId;
using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

std::string_view view(const BlobId& id) { return {reinterpret_cast<const char*>(id.octets.data()), id.octets.size()}; }

std::uint64_t now() { return static_cast<std::uint64_t>(std::max<base::UnixTime>(base::Clock::system().now(), 1)); }

Status remove_blob(WriteTxn& txn, std::uint64_t number, const Blob& blob) {
  const auto key = id_key(number);
  TRY(txn.erase_prefix(kChunks, key));
  TRY(txn.erase(kSummaries, key));
  const auto known = find_blob(txn, blob.id);
  if (known.ok() && *known == number) TRY(txn.erase(kBlobIds, view(blob.id)));
  TRY(txn.erase(kBlobs, key));
  return base::ok();
}

}  // namespace

Result<Blob> decode_blob(std::string_view key, std::string_view value) {
  TRY_ASSIGN(const std::string_view plain, body::unseal(value, key));
  Decoder in(plain);
  Blob blob;
  const std::string_view id = in.raw(blob.id.octets.size());
  std::copy(id.begin(), id.end(), blob.id.octets.begin());
  blob.octets = in.varint();
  blob.references = in.varint();
  if (!in.empty()) blob.dropped = in.u64();
  TRY(in.finish("body"));
  return blob;
}

Result<Blob> load_blob(const ReadTxn& txn, std::uint64_t number) {
  const auto key = id_key(number);
  TRY_ASSIGN(const auto stored, txn.get(kBlobs, key));
  if (!stored) return Error{Errc::NotFound, "no such body"};
  return decode_blob(key, *stored);
}

Status save_blob(WriteTxn& txn, std::uint64_t number, const Blob& blob) {
  const auto key = id_key(number);
  Encoder record;
  record.raw(view(blob.id)).varint(blob.octets).varint(blob.references);
  if (blob.references == 0) record.u64(blob.dropped);
  return txn.put(kBlobs, key, body::seal(record.str(), key));
}

Status save_blob_id(WriteTxn& txn, const BlobId& id, std::uint64_t number) {
  return txn.put(kBlobIds, view(id), body::seal(Encoder().u64(number).str(), view(id)));
}

Result<std::optional<std::uint64_t>> find_blob(const ReadTxn& txn, const BlobId& id) {
  TRY_ASSIGN(const auto stored, txn.get(kBlobIds, view(id)));
  if (!stored) return std::optional<std::uint64_t>{};
  TRY_ASSIGN(const std::string_view plain, body::unseal(*stored, view(id)));
  Decoder in(plain);
  const std::uint64_t number = in.u64();
  TRY(in.finish("body number"));
  return std::optional<std::uint64_t>{number};
}

Status set_references(WriteTxn& txn, std::uint64_t number, Blob blob, std::uint64_t references) {
  if (blob.references == 0 && references > 0) TRY(txn.erase(kGarbage, garbage_key(blob.dropped, number)));
  if (references == 0 && (blob.references > 0 || blob.dropped == 0)) {
    blob.dropped = now();
    TRY(txn.put(kGarbage, garbage_key(blob.dropped, number), ""));
  }
  if (references > 0) blob.dropped = 0;
  blob.references = references;
  return save_blob(txn, number, blob);
}

Result<bool> has_garbage(const ReadTxn& txn, base::UnixTime upto) {
  lmdb::Cursor cursor = txn.cursor(kGarbage);
  TRY_ASSIGN(const auto oldest, cursor.seek(""));
  if (!oldest || upto < 0) return false;
  return oldest->key.size() != kGarbageKey ||
         big_endian<std::uint64_t>(oldest->key, 0) <= static_cast<std::uint64_t>(upto);
}

Result<Collected> collect_garbage(WriteTxn& txn, base::UnixTime upto, std::uint64_t most) {
  Collected collected;
  for (;;) {
    std::string key;
    {
      lmdb::Cursor cursor = txn.cursor(kGarbage);  // ends before the changes
      TRY_ASSIGN(const auto oldest, cursor.seek(""));
      if (!oldest) return collected;
      key = oldest->key;
    }
    if (key.size() == kGarbageKey) {
      const auto dropped = big_endian<std::uint64_t>(key, 0);
      if (upto < 0 || dropped > static_cast<std::uint64_t>(upto)) return collected;
      if (collected.octets >= most) {
        collected.more = true;
        return collected;
      }
      const auto number = big_endian<std::uint64_t>(key, 8);
      const auto blob = load_blob(txn, number);
      // Whatever the row says: only a body that no message refers to goes.
      if (blob.ok() && blob->references == 0) {
        TRY(remove_blob(txn, number, *blob));
        collected.bodies += 1;
        collected.octets += blob->octets;
      }
    }
    TRY(txn.erase(kGarbage, key));
  }
}

}  // namespace hearthmail::store::mail
