#include "store/lmdb/guard.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <mutex>

namespace hearthmail::store::lmdb {
namespace {

struct sigaction previous_bus, previous_segv;

// Everything from here on is called in a signal handler: no heap, no locks.

void say(const char* text) {
  const ssize_t done = ::write(STDERR_FILENO, text, std::strlen(text));
  static_cast<void>(done);
}

[[noreturn]] void give_up(const char* file) {
  say("hearthmail: the store in ");
  say(file);
  say(" is damaged or cannot be read any more; stop Hearthmail, look at it with `hearthmail check` and bring a backup"
      " back with `hearthmail restore`\n");
  ::_exit(kExitDamaged);
}

std::uintptr_t read_hex(const char*& at) {
  std::uintptr_t value = 0;
  for (;; ++at) {
    if (*at >= '0' && *at <= '9') value = value * 16 + static_cast<std::uintptr_t>(*at - '0');
    else if (*at >= 'a' && *at <= 'f') value = value * 16 + static_cast<std::uintptr_t>(*at - 'a' + 10);
    else return value;
  }
}

// A line of /proc/self/maps: "first-end mode offset device inode path".
void look_at(const char* line, std::uintptr_t address) {
  constexpr const char* kFile = "/data.mdb";
  const std::uintptr_t first = read_hex(line);
  if (*line++ != '-') return;
  const std::uintptr_t end = read_hex(line);
  if (address < first || address >= end) return;
  const char* path = std::strchr(line, '/');
  if (path == nullptr) return;
  const std::size_t length = std::strlen(path), suffix = std::strlen(kFile);
  if (length >= suffix && std::strcmp(path + length - suffix, kFile) == 0) give_up(path);
}

// Ends the process when the address lies in a mapped data.mdb.
void look_in_maps(std::uintptr_t address) {
  const int maps = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return;
  char line[4096 + 256];
  std::size_t length = 0;
  char buffer[1024];
  for (ssize_t got = ::read(maps, buffer, sizeof buffer); got > 0; got = ::read(maps, buffer, sizeof buffer)) {
    for (ssize_t i = 0; i < got; ++i) {
      if (buffer[i] != '\n') {
        if (length + 1 < sizeof line) line[length++] = buffer[i];
        continue;
      }
      line[length] = '\0';
      look_at(line, address);
      length = 0;
    }
  }
  ::close(maps);
}

void on_fault(int signal, siginfo_t* info, void* context) {
  look_in_maps(reinterpret_cast<std::uintptr_t>(info->si_addr));
  const struct sigaction& previous = signal == SIGBUS ? previous_bus : previous_segv;
  if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  ::sigaction(signal, &previous, nullptr);  // the instruction faults again, as it would have without us
}

}  // namespace

void install_guard() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &previous_bus);
    ::sigaction(SIGSEGV, &action, &previous_segv);
  });
}

void on_assertion(MDB_env* env, const char* text) {
  const char* path = nullptr;
  mdb_env_get_path(env, &path);
  say(text);
  say("\n");
  give_up(path != nullptr ? path : "data.mdb");
}

}  // namespace hearthmail::store::lmdb
