#include "store/lmdb/copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "store/lmdb/handle.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Status;

namespace {

struct CloseEnv {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};

Error failed(const std::string& what, const std::string& path) {
  return {Errc::Unavailable, what + " " + path + ": " + std::strerror(errno)};
}

Status flush(const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) return failed("open", path);
  const bool durable = ::fsync(file) == 0;
  const int code = errno;
  ::close(file);
  errno = code;
  return durable ? base::ok() : Status(failed("sync", path));
}

}  // namespace

Status copy_environment(const std::string& from, const std::string& to) {
  if (::access((from + "/data.mdb").c_str(), F_OK) != 0) {
    return Error{Errc::NotFound, "there is no database in " + from};
  }
  TRY_ASSIGN(const auto claimed, OpenDirectory::claim(from));
  MDB_env* raw = nullptr;
  int code = mdb_env_create(&raw);
  if (code != 0) return to_error(code, "create an environment");
  const std::unique_ptr<MDB_env, CloseEnv> env(raw);
  mdb_env_set_mapsize(raw, EnvOptions{}.map_octets);
  mdb_env_set_maxreaders(raw, EnvOptions{}.max_readers);
  code = mdb_env_open(raw, from.c_str(), MDB_RDONLY | MDB_NOTLS, 0600);
  if (code != 0) return to_error(code, "open " + from);
  const std::string file = to + "/data.mdb";
  code = mdb_env_copy(raw, to.c_str());
  if (code != 0) return to_error(code, "copy " + from);
  if (::chmod(file.c_str(), 0600) != 0) return failed("set the mode of", file);
  TRY(flush(file, O_RDONLY));
  return flush(to, O_RDONLY | O_DIRECTORY);
}

}  // namespace hearthmail::store::lmdb
