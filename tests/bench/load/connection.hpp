// A blocking connection of the load generator: TCP to 127.0.0.1, a unix socket, or TLS over either. One large read buffer
// in which whole answers lie contiguously, so that octets are looked at where the kernel put them. Every wait has a
// deadline (kPatience); a server that hangs fails the figure, it does not hang it. Not thread-safe.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/crypto/tls.hpp"
#include "tests/bench/figure.hpp"

namespace hearthmail::bench {

// The longest wait for one read or write.
constexpr std::chrono::seconds kPatience{120};
// Octets; grows when one answer is longer.
constexpr std::size_t kReadBuffer = 1024 * 1024;

class Connection {
 public:
  // TLS from the first octet when the endpoint says so. Errors: Unavailable (nobody listens), Timeout, Protocol (TLS).
  static base::Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Handshakes at once, trusting the certificate in that file only; it must name "localhost". No session is resumed.
  base::Status start_tls(const std::string& certificate);

  base::Status write(std::string_view octets) { return write_all({octets}); }
  // In as few system calls as it takes; nothing is copied (without TLS).
  base::Status write_all(std::vector<std::string_view> pieces);

  // What was read and not yet taken. Valid until the next fill().
  std::string_view pending() const { return {buffer_.get() + from_, to_ - from_}; }
  void take(std::size_t octets) { from_ += octets; }
  // Reads until pending() holds at least one octet more than before. Errors: Closed, Timeout.
  base::Status fill();
  // Reads until pending() holds at least `octets`.
  base::Status need(std::size_t octets);
  // The next line without its CRLF, taken; valid until the next call.
  base::Result<std::string_view> line();
  // Takes as many octets as `octets` has and compares them. Protocol when they differ.
  base::Status expect(std::string_view octets);
  // Nothing more will be asked: closes without waiting.
  void close();
  std::uint64_t octets_read() const { return octets_read_; }

 private:
  explicit Connection(int descriptor);
  base::Status flush_tls();
  base::Result<std::size_t> read_some(char* at, std::size_t room);
  base::Result<std::size_t> read_tls(char* at, std::size_t room);
  void make_room();

  int descriptor_ = -1;
  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = kReadBuffer, from_ = 0, to_ = 0;
  std::uint64_t octets_read_ = 0;
  std::unique_ptr<crypto::TlsEngine> tls_;
  std::unique_ptr<char[]> ciphertext_;
};

}  // namespace hearthmail::bench
