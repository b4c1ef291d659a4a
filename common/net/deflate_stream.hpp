// DeflateStream: a Stream whose octets travel compressed over another one (IMAP's COMPRESS=DEFLATE, RFC 4978), which may be
// TLS. What is written in one call goes out whole, with one flush. Nothing is inflated before it is asked for, so a small
// input that stands for a huge output costs no memory: the reader takes as much at a time as it has room for.
#pragma once

#include <memory>

#include "common/net/stream.hpp"

namespace hearthmail::net {

// Memory of one compressing connection: about 64 KiB to deflate (2^(window+2) + 2^(memory+9) octets, zconf.h) and 40 KiB to
// inflate, whose window is the peer's choice (RFC 1951: up to 32 KiB).
constexpr int kDeflateWindowBits = 13;
constexpr int kDeflateMemoryLevel = 6;
constexpr int kDeflateLevel = 4;  // mail is mostly text: higher ones cost more than they save

class DeflateStream final : public Stream {
 public:
  // Borrows `plain`, which outlives it. From here on the peer's octets are a raw deflate stream (RFC 1951).
  explicit DeflateStream(Stream& plain);
  ~DeflateStream() override;
  DeflateStream(const DeflateStream&) = delete;
  DeflateStream& operator=(const DeflateStream&) = delete;

  // False when zlib had no memory: neither read nor write works then.
  bool ready() const;

  // Errors besides those of the stream below: Protocol (not a deflate stream).
  base::Task<base::Result<std::size_t>> read(std::span<char> buffer) override;
  base::Task<base::Status> write(std::string_view octets) override;
  base::Task<base::Status> start_tls() override;  // Unsupported: TLS comes before compression (RFC 4978 §3)
  base::Task<void> shutdown() override;
  void set_timeout(std::chrono::milliseconds timeout) override { plain_.set_timeout(timeout); }
  void close() override { plain_.close(); }
  void interrupt() override { plain_.interrupt(); }
  void set_authenticated() override { plain_.set_authenticated(); }
  bool can_start_tls() const override { return false; }
  TlsInfo tls() const override { return plain_.tls(); }
  const Peer& peer() const override { return plain_.peer(); }

 private:
  struct Codec;
  Stream& plain_;
  std::unique_ptr<Codec> codec_;
};

}  // namespace hearthmail::net
