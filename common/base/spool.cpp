#include "common/base/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hearthmail::base {
namespace {

Error failed(const std::string& step, const std::string& directory) {
  return Error{Errc::Unavailable, step + " in " + directory + ": " + std::strerror(errno)};
}

Status write_all(int file, std::string_view octets, const std::string& directory) {
  while (!octets.empty()) {
    const ssize_t count = ::write(file, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed("write spool file", directory);
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok();
}

}  // namespace

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

Status Spool::open_file() {
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) return failed("make spool", directory_);
  file_ = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file_ < 0) {  // a file system without O_TMPFILE
    std::string name = directory_ + "/message-XXXXXX";
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ >= 0) ::unlink(name.c_str());
  }
  if (file_ < 0) return failed("open spool file", directory_);
  return ok();
}

Status Spool::write(std::string_view octets) {
  if (file_ < 0 && memory_.size() + octets.size() <= kSpoolMemory) {
    memory_ += octets;
    octets_ += octets.size();
    return ok();
  }
  if (file_ < 0) {
    TRY(open_file());
    TRY(write_all(file_, memory_, directory_));
    memory_ = std::string();
  }
  TRY(check_free(octets.size()));
  TRY(write_all(file_, octets, directory_));
  octets_ += octets.size();
  return ok();
}

Result<std::string> Spool::read_all(std::string_view prefix) const {
  std::string out(prefix);
  if (file_ < 0) {
    out += memory_;
    return out;
  }
  std::size_t at = out.size();
  out.resize(at + static_cast<std::size_t>(octets_));
  std::uint64_t offset = 0;
  while (offset < octets_) {
    const ssize_t count = ::pread(file_, out.data() + at, out.size() - at, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed("read spool file", directory_);
    at += static_cast<std::size_t>(count);
    offset += static_cast<std::uint64_t>(count);
  }
  return out;
}

}  // namespace hearthmail::base
