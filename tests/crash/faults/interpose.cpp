#include "tests/crash/faults/interpose.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace hearthmail::crash {
namespace {

std::atomic<bool> armed{false};
std::atomic<std::uint64_t> calls{0};
std::atomic<bool> has_failed{false};
unsigned wanted = 0;
std::uint64_t target = 0;
How manner = How::Error;
int code = 0;

// Counts a call; true when it is the one.
bool strikes(Kind kind) {
  if (!armed.load(std::memory_order_acquire) || (wanted & kind) == 0) return false;
  if (calls.fetch_add(1) + 1 != target) return false;
  has_failed = true;
  errno = code;
  return true;
}

// The real function of that name, behind ours.
void* find(const char* name, std::atomic<void*>& found) {
  void* function = found.load(std::memory_order_acquire);
  if (function == nullptr) {
    function = ::dlsym(RTLD_NEXT, name);
    found.store(function, std::memory_order_release);
  }
  return function;
}

// What a write that strikes gives back; `some` writes the part that still fits.
template <class F>
ssize_t struck_write(std::size_t octets, F some) {
  if (manner == How::Lie) return static_cast<ssize_t>(octets);
  if (manner == How::Short && octets > 1) return some(octets / 2);
  return -1;
}

int struck() { return manner == How::Lie ? 0 : -1; }

}  // namespace

void arm(unsigned kinds, std::uint64_t nth, How how, int error) {
  wanted = kinds;
  target = nth;
  manner = how;
  code = error;
  calls = 0;
  has_failed = false;
  armed.store(true, std::memory_order_release);
}

Seen disarm() {
  armed.store(false, std::memory_order_release);
  return {calls.load(), has_failed.load()};
}

}  // namespace hearthmail::crash

using namespace hearthmail::crash;

#define REAL(name) (reinterpret_cast<decltype(&::name)>(find(#name, real_##name)))
#define KEEP(name) \
  static std::atomic<void*> real_##name { nullptr }

extern "C" {

KEEP(write);
KEEP(pwrite);
KEEP(pwritev);
KEEP(fsync);
KEEP(fdatasync);
KEEP(ftruncate);
KEEP(fallocate);
KEEP(rename);
KEEP(unlink);
KEEP(mkostemp);
KEEP(open);
KEEP(mmap);

ssize_t write(int file, const void* octets, size_t count) {
  const auto next = REAL(write);
  if (file > 2 && strikes(kWrite)) return struck_write(count, [&](size_t part) { return next(file, octets, part); });
  return next(file, octets, count);
}

ssize_t pwrite(int file, const void* octets, size_t count, off_t at) {
  const auto next = REAL(pwrite);
  if (strikes(kWrite)) return struck_write(count, [&](size_t part) { return next(file, octets, part, at); });
  return next(file, octets, count, at);
}
ssize_t pwrite64(int file, const void* octets, size_t count, off64_t at) { return pwrite(file, octets, count, at); }

ssize_t pwritev(int file, const struct iovec* parts, int count, off_t at) {
  const auto next = REAL(pwritev);
  size_t octets = 0;
  for (int i = 0; i < count; ++i) octets += parts[i].iov_len;
  const auto first = [&](size_t) { return next(file, parts, 1, at); };
  if (strikes(kWrite)) return count > 1 ? struck_write(octets, first) : struck_write(0, first) - 1;
  return next(file, parts, count, at);
}
ssize_t pwritev64(int file, const struct iovec* parts, int count, off64_t at) {
  return pwritev(file, parts, count, at);
}

int fsync(int file) { return strikes(kSync) ? struck() : REAL(fsync)(file); }
int fdatasync(int file) { return strikes(kSync) ? struck() : REAL(fdatasync)(file); }
int ftruncate(int file, off_t length) noexcept { return strikes(kResize) ? struck() : REAL(ftruncate)(file, length); }
int ftruncate64(int file, off64_t length) noexcept { return ftruncate(file, length); }
int fallocate(int file, int mode, off_t from, off_t length) {
  return strikes(kResize) ? struck() : REAL(fallocate)(file, mode, from, length);
}
int fallocate64(int file, int mode, off64_t from, off64_t length) { return fallocate(file, mode, from, length); }
int rename(const char* from, const char* to) noexcept { return strikes(kRename) ? struck() : REAL(rename)(from, to); }
int unlink(const char* name) noexcept { return strikes(kRename) ? struck() : REAL(unlink)(name); }
int mkostemp(char* name, int flags) { return strikes(kOpen) ? -1 : REAL(mkostemp)(name, flags); }

int open(const char* name, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | __O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if (strikes(kOpen)) return -1;
  return REAL(open)(name, flags, mode);
}
int open64(const char* name, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | __O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  return open(name, flags, mode);
}

void* mmap(void* at, size_t length, int protection, int flags, int file, off_t offset) noexcept {
  if (strikes(kMap)) return MAP_FAILED;
  return REAL(mmap)(at, length, protection, flags, file, offset);
}

// ---- memory. AddressSanitizer keeps malloc for itself: there only operator new fails.
#ifndef __SANITIZE_ADDRESS__

// dlsym itself may allocate, before the real functions are known.

KEEP(malloc);
KEEP(calloc);
KEEP(realloc);
static thread_local bool looking_up = false;

static void* early(size_t octets) {
  alignas(16) static char room[16384];
  static std::atomic<size_t> used{0};
  const size_t at = used.fetch_add((octets + 15) & ~size_t{15});
  return at + octets <= sizeof room ? room + at : nullptr;
}

static void* memory(const char* name, std::atomic<void*>& found) {
  void* function = found.load(std::memory_order_acquire);
  if (function != nullptr || looking_up) return function;
  looking_up = true;
  function = find(name, found);
  looking_up = false;
  return function;
}
#define MEMORY(name) (reinterpret_cast<decltype(&::name)>(memory(#name, real_##name)))

void* malloc(size_t octets) noexcept {
  if (strikes(kMemory)) return nullptr;
  const auto next = MEMORY(malloc);
  return next == nullptr ? early(octets) : next(octets);
}

void* calloc(size_t count, size_t octets) noexcept {
  if (strikes(kMemory)) return nullptr;
  const auto next = MEMORY(calloc);
  return next == nullptr ? early(count * octets) : next(count, octets);
}

void* realloc(void* old, size_t octets) noexcept {
  if (strikes(kMemory)) return nullptr;
  return MEMORY(realloc)(old, octets);
}

#endif

}  // extern "C"

#ifdef __SANITIZE_ADDRESS__
static void* get(std::size_t octets) { return strikes(kMemory) ? nullptr : std::malloc(octets == 0 ? 1 : octets); }
#else
static void* get(std::size_t octets) { return std::malloc(octets == 0 ? 1 : octets); }
#endif

void* operator new(std::size_t octets) {
  void* const found = get(octets);
  if (found == nullptr) throw std::bad_alloc();
  return found;
}
void* operator new[](std::size_t octets) { return operator new(octets); }
void* operator new(std::size_t octets, const std::nothrow_t&) noexcept { return get(octets); }
void* operator new[](std::size_t octets, const std::nothrow_t& t) noexcept { return operator new(octets, t); }
void operator delete(void* found) noexcept { std::free(found); }
void operator delete[](void* found) noexcept { std::free(found); }
void operator delete(void* found, std::size_t) noexcept { std::free(found); }
void operator delete[](void* found, std::size_t) noexcept { std::free(found); }
