#include "store/maintenance/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

Error failed(const std::string& what, const std::string& path) {
  return {Errc::Unavailable, what + " " + path + ": " + std::strerror(errno)};
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_all(int file, std::string_view octets, const std::string& path) {
  while (!octets.empty()) {
    const ssize_t written = ::write(file, octets.data(), octets.size());
    if (written < 0) return failed("write", path);
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0) return failed("sync", path);
  return base::ok();
}

}  // namespace

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return base::ok();
  return failed("make directory", path);
}

Status sync_directory(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return failed("open", path);
  const Status synced = ::fsync(file) == 0 ? base::ok() : Status(failed("sync", path));
  ::close(file);
  return synced;
}

Status write_durably(const std::string& path, std::string_view octets) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed("make", path);
  const Status written = write_all(file, octets, path);
  ::close(file);
  TRY(written);
  return sync_directory(parent_of(path));
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Errc::NotFound, "cannot read " + path + ": " + std::strerror(errno)};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Status exchange(const std::string& staged, const std::string& target) {
  const unsigned how = exists(target) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, target.c_str(), how) != 0) {
    return failed("move " + staged + " to", target);
  }
  TRY(sync_directory(parent_of(target)));
  return sync_directory(parent_of(staged));
}

std::uint64_t octets_in(const std::string& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

Result<std::uint64_t> free_octets(const std::string& directory) {
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0) return failed("look at", directory);
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace hearthmail::store::maintenance
