// Listener: accepts connections on an address or a unix path and hands each to a loop as a ready Stream.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "common/net/lobby.hpp"
#include "common/net/loop.hpp"
#include "common/net/stream.hpp"
#include "common/net/tcp.hpp"

namespace hearthmail::net {

enum class TlsMode { None, StartTls, Implicit };

struct Endpoint {
  std::string host;        // "0.0.0.0", "::", "127.0.0.1"; empty for a unix socket
  std::uint16_t port = 0;  // 0: the kernel chooses
  std::string unix_path;   // set for a unix socket; created with mode 0660
};

// "host:port", "[v6]:port", or for a unix socket "unix:/path" or "/path". Errors: Invalid, quoting `text`.
base::Result<Endpoint> parse_endpoint(std::string_view text);

// One session: owns the stream until it returns. It runs on `loop`.
using Session = std::function<base::Task<void>(Loop& loop, std::unique_ptr<Stream> stream)>;

struct ListenOptions {
  std::string name;  // "smtp", "imaps": for the log and the status file
  TlsMode tls = TlsMode::None;
  const crypto::TlsServer* tls_server = nullptr;  // must outlive the listener
  std::size_t most_sessions = 2000;               // in all; beyond it the connection gets `refusal` and is closed
  std::size_t most_per_address = 50;              // limits.md: connections per IP
  // All of a TLS handshake must be over by then, be it implicit or after STARTTLS.
  std::chrono::milliseconds handshake_limit = kHandshakeLimit;
  // Where sessions are counted until they call Stream::set_authenticated(). Null for a service without a login: nobody is
  // sent away there, because the oldest session may be in the midst of a message; newcomers are refused instead. Shared by
  // the listeners of a server and their sessions.
  std::shared_ptr<Lobby> lobby;
  std::string refusal;  // "421 4.7.0 Too many connections\r\n", "* BYE ...\r\n"
};

// Made, used and destroyed on the main loop's thread; sessions are spread over `loops` round-robin.
class Listener {
 public:
  static base::Result<std::unique_ptr<Listener>> open(Loop& accept_on, const std::vector<Loop*>& loops,
                                                      const Endpoint& endpoint, ListenOptions options, Session session);
  virtual ~Listener() = default;
  virtual std::uint16_t port() const = 0;  // the real one
  virtual void stop_accepting() = 0;
  // Closes the stream of every session; they unwind by themselves.
  virtual void close_sessions() = 0;
  virtual std::size_t sessions() const = 0;  // alive now
};

}  // namespace hearthmail::net
