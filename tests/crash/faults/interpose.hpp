// Makes one call of this process fail: the n-th of the chosen kinds after arm(), on whatever thread it is. The real
// functions of libc are found behind ours; liblmdb and libzstd call ours too, because the program comes first.
#pragma once

#include <cstdint>

namespace hearthmail::crash {

enum Kind : unsigned {
  kWrite = 1,    // write, pwrite, pwritev
  kSync = 2,     // fsync, fdatasync
  kResize = 4,   // ftruncate, fallocate
  kOpen = 8,     // open, openat, mkostemp
  kRename = 16,  // rename, unlink
  kMap = 32,     // mmap
  kMemory = 64,  // malloc, calloc, realloc, operator new
  kFiles = kWrite | kSync | kResize | kOpen | kRename | kMap,
};

enum class How {
  Error,  // it says so, with errno
  Short,  // a write that ends in the middle, as on a full disk; other kinds fail with errno
  Lie,    // it does nothing and says that it did: what a harness must notice
};

struct Seen {
  std::uint64_t calls = 0;  // of these kinds while armed
  bool failed = false;      // the n-th was among them
};

// From now on calls of `kinds` are counted; the `nth` (from 1) fails.
void arm(unsigned kinds, std::uint64_t nth, How how, int error);
Seen disarm();

}  // namespace hearthmail::crash
