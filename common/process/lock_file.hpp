// LockFile: one instance of a program per directory, held by flock(2) on DIRECTORY/PROGRAM.lock.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.hpp"

namespace hearthmail::process {

// The lock goes with the object or, however it ends, with the process. The file itself stays: removing it would let two
// programs lock two files of one name.
class LockFile {
 public:
  // Makes `directory` (mode 0750) when it is missing. Errors: Exists (names the pid that holds the lock), Unavailable.
  static base::Result<LockFile> acquire(const std::string& directory, std::string_view program);
  ~LockFile();
  LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LockFile& operator=(LockFile&&) = delete;

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace hearthmail::process
