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

// One service and the addresses it listens on.
struct Service {
  std::string name;                    // "imap": in the log and in the ready file
  std::vector<std::string> endpoints;  // as the configuration has them; empty: the service is off
  TlsMode tls = TlsMode::None;
  const crypto::TlsServer* tls_server = nullptr;
  std::string refusal;  // said to a connection over the limits
};

class Server {
 public:
  // `loops`: threads that serve; 0: one per core. They start at once.
  explicit Server(std::size_t loops);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens every endpoint of `service`. Errors: Invalid (endpoint), Unavailable (address in use, no right), naming both.
  base::Status listen(const Service& service, Session session);
  // The real port of each service's first TCP endpoint.
  std::vector<std::pair<std::string, std::uint16_t>> ports() const { return ports_; }

  // Serves until SIGTERM, SIGINT or stop(); then stops accepting, closes the sessions' streams and waits until they have
  // unwound. `ready` runs on the main loop once everything listens, `minute` every minute, `hangup` at SIGHUP.
  void run(std::function<void()> ready, std::function<void()> minute, std::function<void()> hangup);
  // Any thread.
  void stop();

  Loop& main_loop() { return main_; }
  const std::vector<Loop*>& loops() const { return loop_pointers_; }

 private:
  void begin_stop();
  void wait_for_sessions();

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
