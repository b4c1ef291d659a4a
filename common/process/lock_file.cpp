#include "common/process/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/text.hpp"

namespace hearthmail::process {
namespace {

base::Error system_error(const std::string& path) {
  return base::Error{base::Errc::Unavailable, path + ": " + std::strerror(errno)};
}

std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  const std::string_view pid = base::trim({text.data(), count > 0 ? static_cast<std::size_t>(count) : 0});
  return base::parse_u64(pid) ? std::string(pid) : "unknown";
}

}  // namespace

base::Result<LockFile> LockFile::acquire(const std::string& directory, std::string_view program) {
  if (::mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) return system_error(directory);
  const std::string path = directory + "/" + std::string(program) + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return system_error(path);
  LockFile lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(path);
    return base::Error{base::Errc::Exists,
                       std::string(program) + " runs already with pid " + holder_of(fd) + " (it holds " + path + ")"};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return system_error(path);
  }
  return lock;
}

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace hearthmail::process
