// How octets lie in the database: bodies in compressed, checksummed chunks, records under a checksum (LMDB has none).
// FORMAT.md, "Chunk" and "Sealed record", has the layout. Plain functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace hearthmail::store::body {

constexpr std::size_t kChunkOctets = 64 * 1024;  // plain octets of every chunk but the last
constexpr std::size_t kSealOctets = 4;           // what seal() adds, in front

// `plain` cut into chunks. An empty body has none.
std::vector<std::string> encode_chunks(std::string_view plain);
// The chunk as it is stored under `key`: the key becomes part of its checksum, so that a chunk that turns up in another
// body, or at another place of its own, is noticed. A step of its own, because chunks are made before their keys are known.
std::string bind_chunk(std::string_view chunk, std::string_view key);
// The plain octets of the chunk that is stored under `key` ("": one that was not bound). Corrupt when the checksum or the
// length does not fit: never wrong octets.
base::Result<std::string> decode_chunk(std::string_view stored, std::string_view key);
struct ChunkView {
  std::string_view plain;  // the first octets of it, as many as were asked for or more
  std::size_t octets = 0;  // of the whole
};
// The same without a copy, at least the first `need` octets: a view into `stored` or into this thread's room, until the
// thread's next call. Readers come for several pieces of a chunk one after the other: the last one is verified and
// decoded once; and text before an attachment is there without it.
base::Result<ChunkView> view_chunk(std::string_view stored, std::string_view key, std::size_t need);

// The record with its checksum in front. The key under which it is stored is part of the checksum, so that a record
// that turns up under another key is noticed too.
std::string seal(std::string_view record, std::string_view key = {});
// Fills in the checksum of `sealed`, whose first kSealOctets were left free.
void seal_in_place(char* sealed, std::size_t octets, std::string_view key);
// The record inside; a view into `sealed`. Corrupt, naming `restore`.
base::Result<std::string_view> unseal(std::string_view sealed, std::string_view key = {});
// Would unseal() give it?
bool is_sealed(std::string_view key, std::string_view sealed);

}  // namespace hearthmail::store::body
