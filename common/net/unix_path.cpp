#include "common/net/unix_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/text.hpp"

namespace hearthmail::net {
namespace {

constexpr mode_t kSocketMode = 0660;  // the owner and the group of the other programs

base::Error system_error(const std::string& path) {
  return base::Error{base::Errc::Unavailable, base::printable(path) + ": " + std::strerror(errno)};
}

// Whether a program serves the socket at `address`: connecting to a stale one is refused.
bool is_served(const sockaddr_un& address, int type) {
  const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;
  const bool refused = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
                       (errno == ECONNREFUSED || errno == ENOENT);
  ::close(fd);
  return !refused;
}

base::Status remove_stale(const sockaddr_un& address, int type) {
  struct stat info {};
  if (::lstat(address.sun_path, &info) != 0) return base::ok();  // nothing there; bind tells about other problems
  if (!S_ISSOCK(info.st_mode)) {
    return base::Error{base::Errc::Exists, base::printable(address.sun_path) + " is in the way: it is not a socket"};
  }
  if (is_served(address, type)) {
    return base::Error{base::Errc::Exists, base::printable(address.sun_path) + " is served by another program"};
  }
  if (::unlink(address.sun_path) != 0 && errno != ENOENT) return system_error(address.sun_path);
  return base::ok();
}

}  // namespace

base::Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return base::Error{base::Errc::Invalid, "\"" + base::printable(path) +
                                                "\" cannot be a socket's path: it must have 1 to " +
                                                std::to_string(sizeof address.sun_path - 1) + " octets"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

base::Result<int> bind_unix(const std::string& path, int type) {
  TRY_ASSIGN(const sockaddr_un address, unix_address(path));
  TRY(remove_stale(address, type));
  const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return system_error(path);
  // The mode is set before the path exists, so that it is never wider; then again, because the umask narrowed it.
  const bool bound = ::fchmod(fd, kSocketMode) == 0 &&
                     ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::chmod(path.c_str(), kSocketMode) == 0;
  if (bound) return fd;
  const base::Error error = system_error(path);
  ::close(fd);
  return error;
}

}  // namespace hearthmail::net
