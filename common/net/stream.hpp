// Stream: a byte stream to one peer. TCP, TLS over TCP, a unix socket and the scripted stream of the tests implement it.
// A stream lives and dies on one loop; only that loop's thread touches it.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/task.hpp"

namespace hearthmail::net {

// What is known of the peer and of the connection.
struct Peer {
  std::string address;  // "192.0.2.1", "2001:db8::1", "unix"
  std::uint16_t port = 0;
  std::string local_address;
  std::uint16_t local_port = 0;
  bool on_loopback() const { return address.starts_with("127.") || address == "::1"; }
};

struct TlsInfo {
  bool active = false;
  std::string version;        // "TLSv1.3"
  std::string cipher;         // "TLS_AES_256_GCM_SHA384"
  std::string exporter = {};  // tls-exporter, RFC 9266 §2; empty when there is none
};

class Stream {
 public:
  virtual ~Stream() = default;

  // Reads 1 to buffer.size() octets. 0 means that the peer ended its side. Errors: Timeout (set_timeout), Closed,
  // Interrupted (interrupt() was called; no octets are lost, read again), Protocol (TLS).
  virtual base::Task<base::Result<std::size_t>> read(std::span<char> buffer) = 0;
  // Writes all of `octets`; the caller keeps them alive until it returns. Errors: Timeout (nothing moved for that long;
  // the stream is then closed), Closed, Protocol.
  virtual base::Task<base::Status> write(std::string_view octets) = 0;
  // Turns a plain stream into TLS as the server (STARTTLS). The caller drops its own buffer: octets that came in clear
  // are never run (RFC 3207 §4.2); those that come after the go-ahead break the handshake. After a failed handshake the
  // stream is closed. Errors: Protocol, Timeout, Closed, Unsupported (no certificate).
  virtual base::Task<base::Status> start_tls() = 0;
  // Ends our side in an orderly way (TLS close_notify, then FIN), then closes. Never fails.
  virtual base::Task<void> shutdown() = 0;

  // How long one read or one write may wait from now on; zero means for ever. Applies to the pending read too.
  virtual void set_timeout(std::chrono::milliseconds timeout) = 0;
  // Closes at once; a pending read or write ends with Closed. May be called at any time on the loop's thread.
  virtual void close() = 0;
  // Ends the pending read, or else the next one, with Interrupted. This is how IDLE learns of a change.
  virtual void interrupt() = 0;
  // The session has authenticated its peer: a listener that runs out of room no longer drops it first.
  virtual void set_authenticated() {}
  virtual bool can_start_tls() const = 0;
  virtual TlsInfo tls() const = 0;
  virtual const Peer& peer() const = 0;
};

}  // namespace hearthmail::net
