// Supervisor: the three daemons as children. Starts them, starts again what ended by itself, ends all in order.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/net/loop.hpp"
#include "common/net/signals.hpp"
#include "common/process/spawn.hpp"
#include "deploy/cli/restart_policy.hpp"

namespace hearthmail::cli {

constexpr std::chrono::milliseconds kWatchEvery{200};  // how often the children are looked at
constexpr std::chrono::seconds kStopGrace{20};  // from SIGTERM to SIGKILL; sessions unwind within 10 (net/server.hpp)

// One daemon to keep running. They are started in the order of the list and stopped in the opposite one.
struct Daemon {
  std::string name;  // "hearthmail-relay": also of its ready file
  process::Command command;
};

// Runs on the calling thread. SIGTERM and SIGINT end everything in order (a second one at once). SIGHUP goes to the
// children; when it says that the terminal was closed, it ends everything too. Tells the service manager (NOTIFY_SOCKET)
// READY=1 once all are ready, and the state in words.
class Supervisor {
 public:
  // `run_dir`: where the daemons write their ready files.
  Supervisor(std::vector<Daemon> daemons, std::string run_dir);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Returns when all children have ended. Errors: what could not be started at all; Unavailable, naming the daemon that
  // kept failing.
  base::Status run();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Watched {
    Daemon daemon;
    std::optional<process::Child> child;
    RestartPolicy policy;
    Time started{};
    Time again_at{};              // when there is no child
    std::optional<Time> kill_at;  // SIGTERM was sent
    bool ready = false;
  };

  void start_due();
  base::Status start(Watched& one);
  void look();
  void ended(Watched& one, const process::Exit& exit);
  void look_ready(Watched& one);
  void begin_stop();
  void stop_next();
  void signalled(int signal);
  void tick();
  void look_all_ready();

  std::vector<Watched> watched_;
  std::string run_dir_;
  net::Loop loop_;
  std::optional<net::Signals> signals_;
  std::optional<net::Timer> timer_;
  base::Status outcome_;
  bool stopping_ = false;
  bool all_ready_ = false;
  bool on_terminal_ = false;  // standard error was one at the start
};

}  // namespace hearthmail::cli
