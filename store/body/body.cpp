#include "store/body/body.hpp"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>

#include "common/base/bytes.hpp"
#include "store/body/base64_runs.hpp"
#include "store/body/checksum.hpp"

namespace hearthmail::store::body {

using base::Errc;
using base::Error;
using base::Result;

namespace {

// Measured on mixed mail: level 3 takes 1.6x the time of level 1 for 1 % fewer octets on disk (tests/bench/README.md).
constexpr int kZstdLevel = 1;
constexpr std::uint8_t kRaw = 0, kZstd = 1, kBase64 = 2;
constexpr std::size_t kChecksumOctets = 8;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// One for each thread. std::bad_alloc: no memory; whoever runs large work catches it.
ZSTD_CCtx* compressor() {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  if (!context) context.reset(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  return context.get();
}
ZSTD_DCtx* decompressor() {
  thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> context;
  if (!context) context.reset(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  return context.get();
}

std::uint64_t checksum(std::string_view octets) { return xxh3(octets); }

std::uint64_t key_checksum(std::string_view key) { return key.empty() ? 0 : checksum(key); }

std::uint32_t record_checksum(std::string_view record, std::string_view key) {
  return static_cast<std::uint32_t>(xxh3(record, key_checksum(key)));
}

void write_u32(char* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
}

std::string framed(std::uint8_t kind, std::size_t plain, std::string_view stored) {
  const std::string content = base::Encoder().u8(kind).varint(plain).raw(stored).str();
  return base::Encoder().u64(checksum(content)).raw(content).str();
}

// The frame of `plain`, in a buffer of the thread until its next call; nothing when it is not shorter.
std::string_view compress(std::string_view plain) {
  thread_local std::string buffer;
  buffer.resize(ZSTD_compressBound(kChunkOctets));
  const std::size_t size =
      ZSTD_compressCCtx(compressor(), buffer.data(), buffer.size(), plain.data(), plain.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0 || size >= plain.size()) return {};
  return {buffer.data(), size};
}

// u8 kind, octets: `plain` raw or as a frame.
void put_compressed(base::Encoder& out, std::string_view plain) {
  const std::string_view frame = compress(plain);
  out.u8(frame.empty() ? kRaw : kZstd).octets(frame.empty() ? plain : frame);
}

// What kind 2 stores; empty when `plain` has no base64 worth it.
std::string encode_base64(std::string_view plain) {
  const auto split = split_base64(plain);
  if (!split) return {};
  base::Encoder out;
  out.varint(split->runs.size());
  for (const Base64Run& run : split->runs) {
    out.varint(run.before).varint(run.first_line).varint(run.line).varint(run.groups);
  }
  put_compressed(out, split->text);
  put_compressed(out, split->content);
  return std::move(out).str();
}

std::string encode_chunk(std::string_view plain) {
  const std::string base64 = encode_base64(plain);
  if (!base64.empty()) return framed(kBase64, plain.size(), base64);
  const std::string_view frame = compress(plain);
  return frame.empty() ? framed(kRaw, plain.size(), plain) : framed(kZstd, plain.size(), frame);
}

Error corrupt(std::string_view what) {
  return {Errc::Corrupt, std::string(what) + "; restore it from a backup with `hearthmail restore`"};
}

}  // namespace

std::vector<std::string> encode_chunks(std::string_view plain) {
  std::vector<std::string> chunks;
  chunks.reserve((plain.size() + kChunkOctets - 1) / kChunkOctets);
  for (; !plain.empty(); plain.remove_prefix(std::min(kChunkOctets, plain.size()))) {
    chunks.push_back(encode_chunk(plain.substr(0, kChunkOctets)));
  }
  return chunks;
}

std::string bind_chunk(std::string_view chunk, std::string_view key) {
  base::Decoder in(chunk);
  const std::uint64_t sum = in.u64();
  std::string bound = base::Encoder().u64(sum ^ key_checksum(key)).str();
  bound.reserve(chunk.size());
  bound += in.rest();
  return bound;
}

namespace {

// What this thread decoded last, of octets that had their checksum. A chunk with the same checksum under the same key is that one.
struct Room {
  std::unique_ptr<char[]> octets{new char[kChunkOctets]};
  std::uint64_t sum = 0;
  std::size_t stored = 0;  // octets of the chunk
  std::size_t length = 0;  // of its plain octets
  std::size_t ready = 0;   // octets that `octets` begins with
  std::string key;
};

Room& room() {
  thread_local Room one;
  return one;
}

bool decompress(std::string_view frame, char* out, std::size_t octets) {
  return ZSTD_decompressDCtx(decompressor(), out, octets, frame.data(), frame.size()) == octets;
}

// What put_compressed() wrote of `octets` octets: a view into the chunk or into `space`; nothing when it does not fit.
std::optional<std::string_view> take_compressed(base::Decoder& in, std::size_t octets, std::string& space) {
  const std::uint8_t kind = in.u8();
  const std::string_view stored = in.octets();
  if (kind == kRaw && stored.size() == octets) return stored;
  if (kind != kZstd) return std::nullopt;
  space.resize(octets);
  if (!decompress(stored, space.data(), octets)) return std::nullopt;
  return space;
}

// The first octets of a chunk of kind 2, at least `need` of them, into `out`. Nothing: the chunk makes no sense.
std::optional<std::size_t> decode_base64(std::string_view stored, std::size_t length, std::size_t need, char* out) {
  thread_local std::vector<Base64Run> runs;
  thread_local std::string text_space, content_space;
  base::Decoder in(stored);
  runs.clear();
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Base64Run run;
    run.before = in.varint();
    run.first_line = in.varint();
    run.line = in.varint();
    run.groups = in.varint();
    runs.push_back(run);
  }
  std::size_t text = 0, content = 0;
  if (!in.ok() || !fits(runs, length, text, content)) return std::nullopt;
  const auto plain = take_compressed(in, text, text_space);
  if (!plain) return std::nullopt;
  const auto decoded = take_compressed(in, content, content_space);
  if (!decoded) return std::nullopt;
  return join_base64(runs, *plain, *decoded, out, need);
}

}  // namespace

Result<ChunkView> view_chunk(std::string_view chunk, std::string_view key, std::size_t need) {
  base::Decoder in(chunk);
  const std::uint64_t sum = in.u64() ^ key_checksum(key);
  const std::uint8_t kind = in.u8();
  const std::uint64_t length = in.varint();
  const std::string_view stored = in.rest();
  need = std::min<std::size_t>(need, length);
  Room& last = room();
  const bool known = last.sum == sum && last.stored == stored.size() && last.key == key && !key.empty();
  if (known && last.ready >= need) return ChunkView{{last.octets.get(), last.ready}, last.length};
  if (chunk.size() < kChecksumOctets || checksum(chunk.substr(kChecksumOctets)) != sum)
    return corrupt("a body chunk's checksum does not fit");
  if (!in.ok() || length > kChunkOctets) return corrupt("a body chunk's length does not fit");
  if (kind == kRaw) {
    if (stored.size() != length) return corrupt("a body chunk's length does not fit");
    return ChunkView{stored, length};
  }
  if (kind != kZstd && kind != kBase64) return Error{Errc::Unsupported, "a body chunk is of an unknown kind"};
  last.key.clear();  // nothing, should it fail
  std::optional<std::size_t> ready;
  if (kind == kBase64) ready = decode_base64(stored, length, need, last.octets.get());
  else if (decompress(stored, last.octets.get(), length)) ready = length;
  if (!ready || *ready < need || *ready > length) return corrupt("a body chunk does not decompress");
  last.sum = sum;
  last.stored = stored.size();
  last.length = length;
  last.ready = *ready;
  last.key = key;
  return ChunkView{{last.octets.get(), last.ready}, length};
}

Result<std::string> decode_chunk(std::string_view chunk, std::string_view key) {
  TRY_ASSIGN(const ChunkView view, view_chunk(chunk, key, kChunkOctets));
  return std::string(view.plain);
}

void seal_in_place(char* sealed, std::size_t octets, std::string_view key) {
  write_u32(sealed, record_checksum({sealed + kSealOctets, octets - kSealOctets}, key));
}

std::string seal(std::string_view record, std::string_view key) {
  std::string sealed(kSealOctets + record.size(), '\0');
  record.copy(sealed.data() + kSealOctets, record.size());
  seal_in_place(sealed.data(), sealed.size(), key);
  return sealed;
}

bool is_sealed(std::string_view key, std::string_view sealed) {
  if (sealed.size() < kSealOctets) return false;
  char expected[kSealOctets];
  write_u32(expected, record_checksum(sealed.substr(kSealOctets), key));
  return std::memcmp(expected, sealed.data(), kSealOctets) == 0;
}

Result<std::string_view> unseal(std::string_view sealed, std::string_view key) {
  if (sealed.size() < kSealOctets) return corrupt("a record is too short");
  if (!is_sealed(key, sealed)) return corrupt("a record's checksum does not fit");
  return sealed.substr(kSealOctets);
}

}  // namespace hearthmail::store::body
