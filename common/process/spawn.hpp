// Child: another program run by this one, for `hearthmail up`: start with an edited environment, watch, end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.hpp"

namespace hearthmail::process {

struct Command {
  std::string program;                 // a path, or a name that is looked up in PATH
  std::vector<std::string> arguments;  // without the program itself
  // The child gets this environment, less `unset`, plus `set`. A name in `unset` that ends in "*" means every name that
  // begins so ("HEARTHMAIL_RELAY_*"): this is how one daemon starts without another one's secrets.
  std::vector<std::string> unset;
  std::vector<std::pair<std::string, std::string>> set;
  bool ends_with_parent = true;  // gets SIGTERM when the thread that started it dies
  // In a process group of its own: what the terminal sends (Ctrl-C, Ctrl-Z, hang-up) does not reach it, the parent decides.
  bool own_group = false;
};

// How a child ended.
struct Exit {
  int code = 0;    // of exit(), when signal is 0
  int signal = 0;  // that killed it
  bool clean() const { return signal == 0 && code == 0; }
  std::string text() const;  // "exit code 1", "killed by signal 9 (Killed)"
};

// Owned by one thread. Its destructor kills and reaps a child that still runs.
class Child {
 public:
  // Errors: NotFound, Denied, Unavailable: the program could not be executed, with the system's words.
  static base::Result<Child> start(const Command& command);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  pid_t pid() const { return pid_; }
  // Becomes readable when the child has ended: for a watch on a loop. The Child owns it.
  int pid_descriptor() const { return pidfd_; }
  // How it ended; nothing while it runs. Never blocks.
  std::optional<Exit> poll();
  void send(int signal);
  // SIGTERM; after `grace` SIGKILL. Blocks until it has ended.
  Exit stop(std::chrono::milliseconds grace);

 private:
  Child(pid_t pid, int pidfd) : pid_(pid), pidfd_(pidfd) {}
  bool wait_until(std::chrono::steady_clock::time_point end);

  pid_t pid_;
  int pidfd_;
  std::optional<Exit> exit_;
};

}  // namespace hearthmail::process
