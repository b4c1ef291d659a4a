// A new data.mdb appears at its name whole: made in a directory of its own, then linked. So a data.mdb that is empty or
// lacks its tables was damaged, and is never taken for a new one; a crash while it is made leaves nothing behind.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/lmdb/handle.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Status;

namespace {

constexpr std::string_view kPrefix = "new-";

Error failed(const std::string& what) { return {Errc::Unavailable, what + ": " + std::strerror(errno)}; }

bool exists(const std::string& name) {
  struct stat info {};
  return ::stat(name.c_str(), &info) == 0;
}

Status sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open " + directory.string());
  const int done = ::fsync(fd);
  ::close(fd);
  return done == 0 ? base::ok() : Status(failed("sync " + directory.string()));
}

void remove_leftovers(const std::string& directory) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().filename().string().starts_with(kPrefix)) std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

Status Env::Impl::make_file(const std::string& directory, const std::string& name, const EnvOptions& options) {
  std::string place = directory + "/" + std::string(kPrefix) + "XXXXXX";
  if (::mkdtemp(place.data()) == nullptr) return failed("make " + place);
  {
    Impl maker;
    TRY(maker.open_lmdb(place, options));
    TRY(maker.open_tables(options));
  }
  const std::string made = place + "/data.mdb";
  return ::link(made.c_str(), name.c_str()) == 0 ? base::ok() : Status(failed("make " + name));
}

Status Env::Impl::create_file(const std::string& directory, const EnvOptions& options) {
  const std::string name = directory + "/data.mdb";
  const Status made = make_file(directory, name, options);
  // Another process may have been first, and may have removed what this one was making: its file is as good.
  if (!made.ok() && !exists(name)) return made;
  remove_leftovers(directory);
  TRY(sync_directory(directory));
  return sync_directory(std::filesystem::path(directory).parent_path());
}

}  // namespace hearthmail::store::lmdb
