#include "tests/crash/trace/recorder.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <mutex>
#include <string_view>
#include <thread>

namespace hearthmail::crash {
namespace {

constexpr std::size_t kDescriptors = 1024;  // higher ones are not looked at; the workload opens few

struct Watched {
  bool used = false;
  bool durable = false;
  std::uint8_t environment = 0;
  std::uint64_t position = 0;
};

// One record for the process: the functions below are called by LMDB, which knows no object of ours.
std::mutex mutex;
std::array<Watched, kDescriptors> descriptors;
bool recording = false;
std::string root;
std::vector<std::string> environments;
std::chrono::microseconds delay{0};
std::vector<Event> events;
std::string unexpected;

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

Watched* watched(int fd) {
  if (fd < 0 || static_cast<std::size_t>(fd) >= kDescriptors || !descriptors[static_cast<std::size_t>(fd)].used) {
    return nullptr;
  }
  return &descriptors[static_cast<std::size_t>(fd)];
}

// Before recording starts too: the environments are opened first.
void opened(int fd, std::string_view path, int flags) {
  if (fd < 0 || static_cast<std::size_t>(fd) >= kDescriptors) return;
  const std::lock_guard lock(mutex);
  descriptors[static_cast<std::size_t>(fd)] = {};
  constexpr std::string_view file = "/data.mdb";
  if (!path.ends_with(file)) return;
  path.remove_suffix(file.size());
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return;
  const std::string_view name = path.substr(slash + 1);
  for (std::size_t i = 0; i < environments.size(); ++i) {
    if (name != environments[i] || path.substr(0, slash) != root) continue;
    auto& entry = descriptors[static_cast<std::size_t>(fd)];
    entry.used = true;
    entry.durable = (flags & (O_DSYNC | O_SYNC)) != 0;
    entry.environment = static_cast<std::uint8_t>(i);
  }
}

void wrote(int fd, std::uint64_t offset, std::string octets) {
  const std::lock_guard lock(mutex);
  const Watched* entry = watched(fd);
  if (!recording || entry == nullptr || octets.empty()) return;
  Event event;
  event.kind = Event::Kind::Write;
  event.environment = entry->environment;
  event.durable = entry->durable;
  event.offset = offset;
  event.octets = std::move(octets);
  events.push_back(std::move(event));
}

void add(int fd, Event::Kind kind, std::uint64_t offset) {
  std::chrono::microseconds wait{0};
  {
    const std::lock_guard lock(mutex);
    const Watched* entry = watched(fd);
    if (!recording || entry == nullptr) return;
    Event event;
    event.kind = kind;
    event.environment = entry->environment;
    event.offset = offset;
    events.push_back(std::move(event));
    if (kind == Event::Kind::Barrier) wait = delay;
  }
  if (wait.count() > 0) std::this_thread::sleep_for(wait);
}

}  // namespace

void start_recording(const std::string& directory, std::vector<std::string> names,
                     std::chrono::microseconds barrier_takes) {
  const std::lock_guard lock(mutex);
  root = directory;
  environments = std::move(names);
  delay = barrier_takes;
  events.clear();
  recording = true;
}

std::vector<Event> stop_recording() {
  const std::lock_guard lock(mutex);
  recording = false;
  return std::move(events);
}

std::size_t mark(Event::Kind kind, std::uint8_t environment, std::uint64_t number) {
  const std::lock_guard lock(mutex);
  const std::size_t before = events.size();
  Event event;
  event.kind = kind;
  event.environment = environment;
  event.number = number;
  events.push_back(std::move(event));
  return before;
}

std::string unexpected_calls() {
  const std::lock_guard lock(mutex);
  return unexpected;
}

}  // namespace hearthmail::crash

using namespace hearthmail::crash;

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, ...)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(more, unsigned)) : 0;
  va_end(more);
  const int fd = next(path, flags, mode);
  opened(fd, path, flags);
  return fd;
}

ssize_t pwrite(int fd, const void* from, size_t count, off_t offset) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  const ssize_t done = next(fd, from, count, offset);
  if (done > 0) {
    wrote(fd, static_cast<std::uint64_t>(offset), {static_cast<const char*>(from), static_cast<std::size_t>(done)});
  }
  return done;
}

off_t lseek(int fd, off_t offset, int whence) noexcept {
  static const auto next = real<off_t (*)(int, off_t, int)>("lseek");
  const off_t at = next(fd, offset, whence);
  const std::lock_guard lock(mutex);
  if (Watched* entry = watched(fd); entry != nullptr && at >= 0) entry->position = static_cast<std::uint64_t>(at);
  return at;
}

ssize_t writev(int fd, const struct iovec* pieces, int count) {
  static const auto next = real<ssize_t (*)(int, const struct iovec*, int)>("writev");
  const ssize_t done = next(fd, pieces, count);
  std::uint64_t at = 0;
  {
    const std::lock_guard lock(mutex);
    Watched* entry = watched(fd);
    if (entry == nullptr || done <= 0) return done;
    at = entry->position;
    entry->position += static_cast<std::uint64_t>(done);
  }
  std::string octets;
  for (int i = 0; i < count; ++i) octets.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  octets.resize(static_cast<std::size_t>(done));
  wrote(fd, at, std::move(octets));
  return done;
}

ssize_t write(int fd, const void* from, size_t count) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t)>("write");
  const ssize_t done = next(fd, from, count);
  const std::lock_guard lock(mutex);
  if (recording && watched(fd) != nullptr) unexpected = "write() to data.mdb";
  return done;
}

int fdatasync(int fd) {
  static const auto next = real<int (*)(int)>("fdatasync");
  const int done = next(fd);
  if (done == 0) add(fd, Event::Kind::Barrier, 0);
  return done;
}

int fsync(int fd) {
  static const auto next = real<int (*)(int)>("fsync");
  const int done = next(fd);
  if (done == 0) add(fd, Event::Kind::Barrier, 0);
  return done;
}

int ftruncate(int fd, off_t length) noexcept {
  static const auto next = real<int (*)(int, off_t)>("ftruncate");
  const int done = next(fd, length);
  if (done == 0) add(fd, Event::Kind::Length, static_cast<std::uint64_t>(length));
  return done;
}

int msync(void* at, size_t count, int flags) {
  static const auto next = real<int (*)(void*, size_t, int)>("msync");
  {
    const std::lock_guard lock(mutex);
    if (recording) unexpected = "msync(): somebody writes through the map";
  }
  return next(at, count, flags);
}

int close(int fd) {
  static const auto next = real<int (*)(int)>("close");
  {
    const std::lock_guard lock(mutex);
    if (Watched* entry = watched(fd); entry != nullptr) *entry = {};
  }
  return next(fd);
}

}  // extern "C"
