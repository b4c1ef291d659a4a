#include "common/net/deflate_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

namespace hearthmail::net {
namespace {

constexpr std::size_t kInput = 4096;            // octets of compressed input that are read at a time
constexpr std::size_t kWritePiece = 64 * 1024;  // octets of output that are compressed at a time

Bytef* octets_of(char* text) { return reinterpret_cast<Bytef*>(text); }

}  // namespace

struct DeflateStream::Codec {
  Codec() {
    // Negative window bits: raw deflate without zlib's header, RFC 4978 §4.
    ready_in = inflateInit2(&in, -MAX_WBITS) == Z_OK;
    ready_out = deflateInit2(&out, kDeflateLevel, Z_DEFLATED, -kDeflateWindowBits, kDeflateMemoryLevel,
                             Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Codec() {
    if (ready_in) inflateEnd(&in);
    if (ready_out) deflateEnd(&out);
  }
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  // Inflates into `buffer`; the octets made.
  base::Result<std::size_t> inflate_some(std::span<char> buffer) {
    in.next_out = octets_of(buffer.data());
    in.avail_out = static_cast<uInt>(buffer.size());
    const int result = inflate(&in, Z_SYNC_FLUSH);
    const std::size_t made = buffer.size() - in.avail_out;
    ended = ended || result == Z_STREAM_END;
    more = in.avail_out == 0;  // the window may hold more
    if (made > 0 || result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END) return made;
    return base::Error{base::Errc::Protocol, "the peer's octets are not a deflate stream"};
  }

  std::string deflate_all(std::string_view octets) {
    std::string made;
    std::array<char, 16 * 1024> piece;
    std::string source(octets);  // zlib's pointer is not const
    out.next_in = octets_of(source.data());
    out.avail_in = static_cast<uInt>(source.size());
    do {
      out.next_out = octets_of(piece.data());
      out.avail_out = static_cast<uInt>(piece.size());
      deflate(&out, Z_SYNC_FLUSH);  // cannot fail: the state is sound and there is room
      made.append(piece.data(), piece.size() - out.avail_out);
    } while (out.avail_out == 0);
    return made;
  }

  z_stream in{};
  z_stream out{};
  bool ready_in = false;
  bool ready_out = false;
  bool ended = false;  // the peer finished its stream
  bool more = false;   // inflate() may give octets without new input
  std::array<char, kInput> input{};
};

DeflateStream::DeflateStream(Stream& plain) : plain_(plain), codec_(std::make_unique<Codec>()) {}
DeflateStream::~DeflateStream() = default;

bool DeflateStream::ready() const { return codec_->ready_in && codec_->ready_out; }

base::Task<base::Result<std::size_t>> DeflateStream::read(std::span<char> buffer) {
  for (;;) {
    if (codec_->more || codec_->in.avail_in > 0) {
      const auto made = codec_->inflate_some(buffer);
      if (!made.ok() || *made > 0) co_return made;
    }
    if (codec_->ended) co_return std::size_t{0};
    const std::span<char> input(codec_->input);
    const auto count = co_await plain_.read(input);
    if (!count.ok() || *count == 0) co_return count;
    codec_->in.next_in = octets_of(codec_->input.data());
    codec_->in.avail_in = static_cast<uInt>(*count);
  }
}

base::Task<base::Status> DeflateStream::write(std::string_view octets) {
  while (!octets.empty()) {
    const std::string compressed = codec_->deflate_all(octets.substr(0, kWritePiece));
    octets.remove_prefix(std::min(octets.size(), kWritePiece));
    const auto written = co_await plain_.write(compressed);
    if (!written.ok()) co_return written;
  }
  co_return base::ok();
}

base::Task<base::Status> DeflateStream::start_tls() {
  co_return base::Error{base::Errc::Unsupported, "TLS cannot be started inside compression"};
}

base::Task<void> DeflateStream::shutdown() { co_await plain_.shutdown(); }

}  // namespace hearthmail::net
