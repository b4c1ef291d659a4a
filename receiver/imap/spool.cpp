#include "receiver/imap/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace hearthmail::receiver::imap {
namespace {

base::Error failed(const char* what) {
  return {base::Errc::Unavailable, std::string("spool file: ") + what + ": " + std::strerror(errno)};
}

}  // namespace

Spool::Spool(std::string directory, std::size_t in_memory) : directory_(std::move(directory)), in_memory_(in_memory) {}

Spool::Spool(Spool&& other) noexcept
    : directory_(std::move(other.directory_)),
      in_memory_(other.in_memory_),
      memory_(std::move(other.memory_)),
      octets_(other.octets_),
      file_(std::exchange(other.file_, -1)) {}

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

base::Status Spool::append(std::string_view octets) {
  octets_ += octets.size();
  if (file_ < 0 && memory_.size() + octets.size() <= in_memory_) {
    memory_ += octets;
    return base::ok();
  }
  if (file_ < 0) TRY(open_file());
  return write_file(octets);
}

base::Status Spool::open_file() {
  std::string path = directory_ + "/append-XXXXXX";
  file_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (file_ < 0) return failed("cannot be made");
  ::unlink(path.c_str());
  const std::string first = std::exchange(memory_, {});
  return write_file(first);
}

base::Status Spool::write_file(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(file_, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("cannot be written");
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return base::ok();
}

base::Result<std::string> Spool::take() {
  if (file_ < 0) {
    octets_ = 0;
    return std::exchange(memory_, {});
  }
  std::string all(octets_, '\0');
  std::size_t at = 0;
  while (at < all.size()) {
    const ssize_t count = ::pread(file_, all.data() + at, all.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed("cannot be read");
    at += static_cast<std::size_t>(count);
  }
  ::close(std::exchange(file_, -1));
  octets_ = 0;
  return all;
}

}  // namespace hearthmail::receiver::imap
