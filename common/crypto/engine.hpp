// Private to common/crypto: the TlsEngine over OpenSSL. Ciphertext passes through a BIO of our own whose two ends are
// strings, so that nothing is copied twice and an idle connection holds no buffers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/crypto/openssl.hpp"
#include "common/crypto/tls.hpp"

namespace hearthmail::crypto {

enum class Role { Server, Client };

class Engine final : public TlsEngine {
 public:
  // Errors: Internal when OpenSSL cannot make a connection. A client's caller sets the names to verify on ssl().
  static base::Result<std::unique_ptr<Engine>> make(SSL_CTX* context, Role role);

  base::Result<Step> handshake() override;
  void feed(std::string_view ciphertext) override;
  base::Result<Step> read(std::span<char> plain, std::size_t& count) override;
  base::Status write(std::string_view plain) override;
  void close_notify() override;
  std::string take_output() override;
  std::string version() const override;
  std::string cipher() const override;
  std::string exporter() const override;

  SSL* ssl() { return ssl_.get(); }
  // Checks the peer's certificate against `server_name` (a name or an address); the name is sent as SNI.
  base::Status expect_name(const std::string& server_name);

 private:
  friend struct EngineBio;
  explicit Engine(SslPtr ssl) : ssl_(std::move(ssl)) {}
  static int on_verify(int good, X509_STORE_CTX* store);
  void explain_certificate(X509_STORE_CTX* store);
  base::Error failure(std::string_view doing);

  SslPtr ssl_;
  std::string in_;  // ciphertext from the peer; octets before in_at_ are used up
  std::size_t in_at_ = 0;
  std::string out_;       // ciphertext for the peer
  std::string expected_;  // the name that the certificate must carry
  std::string certificate_problem_;
};

}  // namespace hearthmail::crypto
