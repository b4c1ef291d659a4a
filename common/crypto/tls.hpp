// TLS without sockets: contexts and an engine over memory buffers. TLS 1.2 and 1.3 (RFC 8996: nothing older).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::crypto {

// One connection's TLS state machine. Ciphertext goes in and out through buffers, so tests need no socket.
// Not thread-safe; the stream owns it.
class TlsEngine {
 public:
  virtual ~TlsEngine() = default;
  enum class Step { Done, WantInput, Closed };
  // Goes on with the handshake; after each step send take_output(). Errors: Protocol with OpenSSL's words.
  virtual base::Result<Step> handshake() = 0;
  virtual void feed(std::string_view ciphertext) = 0;  // octets from the peer
  // Decrypts into `plain`; 0 with WantInput when more is needed. `count` receives the octets.
  virtual base::Result<Step> read(std::span<char> plain, std::size_t& count) = 0;
  virtual base::Status write(std::string_view plain) = 0;  // encrypts into the output
  virtual void close_notify() = 0;
  virtual std::string take_output() = 0;  // ciphertext for the peer
  virtual std::string version() const = 0;
  virtual std::string cipher() const = 0;
  // The connection's tls-exporter value, RFC 9266 §2: 32 octets that both ends know and nobody else. Empty before TLS 1.3,
  // where it would need the extended master secret.
  virtual std::string exporter() const = 0;
};

// A server's certificate and key. Each new engine uses the newest files: they are looked at (mtime, size, inode) at most
// once a second and loaded again when changed; a broken new pair is reported and the old one stays. Thread-safe.
class TlsServer {
 public:
  // Errors: Invalid, naming the file and what is wrong (missing, not PEM, key does not match the certificate).
  static base::Result<std::unique_ptr<TlsServer>> load(std::string certificate_file, std::string key_file);
  ~TlsServer();
  base::Result<std::unique_ptr<TlsEngine>> engine() const;

 private:
  struct Impl;
  explicit TlsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A client's rules: verification is always on (RFC 9525 §6).
class TlsClient {
 public:
  // `ca_file` empty: the system's trust store. Otherwise only the certificates in that PEM file are trusted.
  static base::Result<std::unique_ptr<TlsClient>> create(const std::string& ca_file);
  ~TlsClient();
  // `server_name`: SNI and the name that the certificate must carry; an IP address is checked as an IP SAN.
  base::Result<std::unique_ptr<TlsEngine>> engine(const std::string& server_name) const;

 private:
  struct Impl;
  explicit TlsClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Writes a self-signed P-256 certificate for `host` (and localhost, 127.0.0.1, ::1), valid for `days` (negative: expired
// already, for tests); the key's mode is 0600. Files that exist are replaced. Used by `hearthmail init` when the operator has none yet.
base::Status write_self_signed(const std::string& certificate_file, const std::string& key_file,
                               const std::string& host, int days);

}  // namespace hearthmail::crypto
