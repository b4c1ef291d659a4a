#include <algorithm>

#include "common/crypto/digest.hpp"
#include "common/log/log.hpp"
#include "store/body/body.hpp"
#include "store/mail/body_pieces.hpp"
#include "store/mail/chunks.hpp"
#include "store/mail/known_body.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

// Calls `each(blob, times)` once for every different blob.
template <class F>
Status each_different(std::vector<std::uint64_t>& blobs, F each) {
  std::sort(blobs.begin(), blobs.end());
  for (auto at = blobs.begin(); at != blobs.end();) {
    const auto end = std::upper_bound(at, blobs.end(), *at);
    TRY(each(*at, static_cast<std::uint64_t>(end - at)));
    at = end;
  }
  return base::ok();
}

}  // namespace

std::size_t PreparedBody::stored_octets() const {
  std::size_t sum = summary.size();
  for (const std::string& chunk : chunks) sum += chunk.size();
  return sum;
}

base::BlobId body_id(std::string_view message) { return crypto::sha256_id(message); }

Result<bool> is_stored(const ReadTxn& txn, const base::BlobId& id) {
  TRY_ASSIGN(const auto known, find_blob(txn, id));
  return known.has_value();
}

PreparedBody stored_body(const base::BlobId& id, std::uint64_t octets) {
  PreparedBody body;
  body.id = id;
  body.octets = octets;
  return body;
}

PreparedBody prepare_body(std::string_view message, std::string summary) {
  return prepare_body(message, body_id(message), std::move(summary));
}

PreparedBody prepare_body(std::string_view message, const base::BlobId& id, std::string summary) {
  PreparedBody prepared = stored_body(id, message.size());
  prepared.chunks = body::encode_chunks(message);
  prepared.summary = std::move(summary);
  return prepared;
}

Result<std::uint64_t> keep_body(WriteTxn& txn, const PreparedBody& prepared) {
  TRY_ASSIGN(const auto known, find_blob(txn, prepared.id));
  if (known) {
    TRY_ASSIGN(Blob blob, load_blob(txn, *known));
    TRY(set_references(txn, *known, blob, blob.references + 1));
    return *known;
  }
  if (prepared.chunks.empty() && prepared.octets > 0) {
    return Error{Errc::Unavailable, "a body that was stored has gone meanwhile"};
  }
  TRY_ASSIGN(const std::uint64_t number, next_number(txn, "blob"));
  const auto key = id_key(number);
  TRY(save_blob_id(txn, prepared.id, number));
  TRY(save_blob(txn, number, Blob{prepared.id, prepared.octets, 1, 0}));
  std::uint32_t at = 0;
  for (const std::string& chunk : prepared.chunks) TRY(put_chunk(txn, number, at++, chunk));
  TRY(txn.put(kSummaries, key, body::seal(prepared.summary, key)));
  return number;
}

Status add_references(WriteTxn& txn, std::vector<std::uint64_t> blobs) {
  return each_different(blobs, [&](std::uint64_t number, std::uint64_t times) -> Status {
    TRY_ASSIGN(Blob blob, load_blob(txn, number));
    return set_references(txn, number, blob, blob.references + times);
  });
}

Status drop_references(WriteTxn& txn, std::vector<std::uint64_t> blobs) {
  return each_different(blobs, [&](std::uint64_t number, std::uint64_t times) -> Status {
    auto blob = load_blob(txn, number);
    if (!blob.ok() && (blob.error().code == Errc::Corrupt || blob.error().code == Errc::NotFound)) {
      // A message whose body is lost must still go away when its owner deletes it.
      log::error("a deleted message's body record is damaged; run `hearthmail check`",
                 {{"body", number}, {"error", blob.error().text}});
      return base::ok();
    }
    if (!blob.ok()) return blob.error();
    return set_references(txn, number, *blob, blob->references - std::min(times, blob->references));
  });
}

Status append_body(const ReadTxn& txn, std::uint64_t number, std::uint64_t offset, std::uint64_t count,
                   std::string& out) {
  TRY_ASSIGN(const Blob blob, load_blob(txn, number));
  if (offset >= blob.octets) return base::ok();
  const std::uint64_t end = offset + std::min(count, blob.octets - offset);
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t index = at / body::kChunkOctets;
    const auto key = chunk_key(number, static_cast<std::uint32_t>(index));
    TRY_ASSIGN(const auto stored, get_chunk(txn, key));
    if (!stored) return Error{Errc::Corrupt, "a body chunk is missing; restore it with `hearthmail restore`"};
    const std::uint64_t begin = index * body::kChunkOctets;
    const std::uint64_t need = std::min<std::uint64_t>(end - begin, body::kChunkOctets);
    TRY_ASSIGN(const body::ChunkView view, body::view_chunk(*stored, key, need));
    if (view.octets != std::min<std::uint64_t>(body::kChunkOctets, blob.octets - begin)) {
      return Error{Errc::Corrupt, "a body chunk has the wrong length; restore it with `hearthmail restore`"};
    }
    const std::uint64_t take = std::min(end, begin + view.octets) - at;
    out.append(view.plain, at - begin, take);
    at += take;
  }
  return base::ok();
}

Result<std::string> read_body(const ReadTxn& txn, std::uint64_t number, std::uint64_t offset, std::uint64_t count) {
  std::string out;
  TRY(append_body(txn, number, offset, count, out));
  return out;
}

Result<std::string_view> read_summary(const ReadTxn& txn, std::uint64_t blob) {
  const auto key = id_key(blob);
  TRY_ASSIGN(const auto stored, txn.get(kSummaries, key));
  if (!stored) return Error{Errc::NotFound, "no such body"};
  return body::unseal(*stored, key);
}

}  // namespace hearthmail::store::mail
