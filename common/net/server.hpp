// Server: what the listening daemons have in common: a main loop that accepts and hears signals, loops on threads of their
// own that serve, listeners, and an orderly end.
//
//   net::Server server(loops);
//   server.listen({"imap", {"0.0.0.0:143"}, TlsMode::StartTls, tls, refusal}, session);
//   server.run(on_ready);     // until SIGTERM or SIGINT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/net/listener.hpp"
#include "common/net/loop.hpp"
#include "common/net/signals.hpp"

namespace hearthmail::net {

// How long running sessions may take to unwind after their streams were closed, before the program ends without them.
constexpr std::chrono::seconds kUnwindLimit{10};

// Whether a service's sessions log in, and say so by Stream::set_authenticated(). Port 25 and LMTP do not: there the oldest
// session may be in the midst of a message, so nobody is dropped for a newcomer; that one hears 421 and comes again
// (RFC 5321 §4.5.4.1).
enum class Login { Required, None };

// One service and the addresses it listens on.
struct Service {
  std::string name;                    // "imap": in the log and in the ready file
  std::vector<std::string> endpoints;  // as the configuration has them; empty: the service is off
  TlsMode tls = TlsMode::None;
  const crypto::TlsServer* tls_server = nullptr;
  std::string refusal;  // said to a connection over the limits
  Login login = Login::Required;
};

// How many sessions a server takes. Descriptors bound it, because every session holds one and a few more for its files.
struct Room {
  std::size_t
      before_login;  // of all services with a login together; beyond it the longest there goes (limits.md: half)
  std::size_t without_login;  // of each listener without; beyond it newcomers are refused
  std::size_t in_all;         // of each listener with a login; beyond it newcomers are refused
};

// Descriptors that are counted on at most. A machine of this kind has memory for some thousands of TLS sessions that say
// nothing; with a higher limit of descriptors it would run out of memory first.
constexpr std::size_t kMostCounted = 16'384;
Room room_for(std::size_t descriptors);
// The soft limit of open descriptors now (RLIMIT_NOFILE), at most kMostCounted.
std::size_t descriptor_limit();

class Server {
 public:
  // `loops`: threads that serve; 0: one per core. They start at once. `descriptors`: what the process may open; it has
  // raised its limit before.
  explicit Server(std::size_t loops, std::size_t descriptors = descriptor_limit());
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens every endpoint of `service`. Errors: Invalid (endpoint), Unavailable (address in use, no right), naming both.
  base::Status listen(const Service& service, Session session);
  // The real port of each service's first TCP endpoint.
  std::vector<std::pair<std::string, std::uint16_t>> ports() const { return ports_; }

  // Serves until SIGTERM, SIGINT or stop(); then stops accepting, closes the sessions' streams, waits until they have
  // unwound and ends the loops' threads. The loops themselves stay until the server goes: who still posts to them (a
  // store's writer thread) is not heard, and must go before the server does. `ready` runs on the main loop once everything listens, `minute` every minute, `hangup` at SIGHUP.
  void run(std::function<void()> ready, std::function<void()> minute, std::function<void()> hangup);
  // Any thread.
  void stop();

  Loop& main_loop() { return main_; }
  const std::vector<Loop*>& loops() const { return loop_pointers_; }

 private:
  void begin_stop();
  void end_loops();
  void wait_for_sessions();

  const Room room_;
  const std::shared_ptr<Lobby> lobby_;  // shared with the listeners and their sessions
  Loop main_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<Loop*> loop_pointers_;
  std::vector<std::thread> threads_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::pair<std::string, std::uint16_t>> ports_;
  std::unique_ptr<Signals> signals_;
  std::unique_ptr<Timer> minute_timer_;
  std::unique_ptr<Timer> unwind_timer_;
  std::chrono::steady_clock::time_point unwind_ends_{};
  bool stopping_ = false;
};

}  // namespace hearthmail::net
