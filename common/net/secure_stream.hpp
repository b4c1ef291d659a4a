// Private to common/net: TLS over another stream, from the start or from start_tls() on.
#pragma once

#include <memory>
#include <vector>

#include "common/crypto/tls.hpp"
#include "common/net/stream.hpp"
#include "common/net/tcp.hpp"

namespace hearthmail::net {

class SecureStream final : public Stream {
 public:
  // Plain until start_tls(); `server` (may be null: not offered) outlives the stream.
  SecureStream(std::unique_ptr<Stream> plain, const crypto::TlsServer* server,
               std::chrono::milliseconds handshake_limit);
  // Plain until handshake().
  SecureStream(std::unique_ptr<Stream> plain, std::unique_ptr<crypto::TlsEngine> engine);

  // Runs the handshake of the engine that it was made with. Closes the stream when it fails.
  base::Task<base::Status> handshake();

  base::Task<base::Result<std::size_t>> read(std::span<char> buffer) override;
  base::Task<base::Status> write(std::string_view octets) override;
  base::Task<base::Status> start_tls() override;
  base::Task<void> shutdown() override;
  void set_timeout(std::chrono::milliseconds timeout) override;
  void close() override { plain_->close(); }
  void interrupt() override;
  void set_authenticated() override { plain_->set_authenticated(); }
  bool can_start_tls() const override { return engine_ == nullptr && server_ != nullptr; }
  TlsInfo tls() const override { return info_; }
  const Peer& peer() const override { return plain_->peer(); }

 private:
  base::Task<base::Status> negotiate();
  base::Task<base::Result<std::size_t>> read_secure(std::span<char> buffer);
  base::Task<base::Result<std::size_t>> feed_more();
  base::Task<base::Status> flush();

  std::unique_ptr<Stream> plain_;
  const crypto::TlsServer* server_ = nullptr;
  std::chrono::milliseconds handshake_limit_{kHandshakeLimit};
  std::unique_ptr<crypto::TlsEngine> engine_;
  TlsInfo info_;
  std::vector<char> ciphertext_;
  std::chrono::milliseconds timeout_{0};
  bool waits_ = false;        // a read() waits for the plain stream
  bool interrupted_ = false;  // the next read() ends with Interrupted
};

}  // namespace hearthmail::net
