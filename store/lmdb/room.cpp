// The file's room: blocks that belong to it before they are needed, so that deleting goes on when the disk is full, and
// the free pages within it.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "common/log/log.hpp"
#include "store/lmdb/handle.hpp"

namespace hearthmail::store::lmdb {

using base::Result;

namespace {

// LMDB copies every page that it changes, also to delete. Blocks beyond the end of the file are its own (the file's
// length stays), so nobody else can fill them.
constexpr std::uint64_t kAhead = 4ULL * 1024 * 1024;     // octets, in each environment
constexpr std::uint64_t kAheadLeast = kAhead / 2;        // octets; then more is asked for
constexpr std::chrono::milliseconds kAheadRetry{1'000};  // after a refusal: asking a full disk is slow
constexpr std::uint64_t kPagesOver = 64;  // a commit's pages of LMDB's own: branches, the free list, the tables' roots

// LMDB says EIO when a write ended in the middle, for lack of room as well as when the disk fails. So the disk is asked
// for as much room at the file's end as the commit may have needed; nothing but its own "full" counts.
bool says_full(int fd, std::uint64_t octets) {
  struct stat file {};
  if (::fstat(fd, &file) != 0) return false;
  const auto asked = static_cast<off_t>(octets);
  if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, file.st_size, asked) == 0) return false;
  if (errno == ENOSPC || errno == EDQUOT) return true;
  struct statvfs disk {};
  const bool cannot_say = errno == EOPNOTSUPP || errno == ENOSYS;
  return cannot_say && ::fstatvfs(fd, &disk) == 0 && std::uint64_t{disk.f_bavail} * disk.f_frsize < octets;
}

}  // namespace

void Env::Impl::keep_ahead() {
  const auto now = std::chrono::steady_clock::now();
  if (now < ahead_again) return;
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env, &info);
  mdb_env_stat(env, &stat);
  const std::uint64_t used = (info.me_last_pgno + 1) * stat.ms_psize;
  if (ahead_to >= used + kAheadLeast) return;
  int fd = -1;
  mdb_env_get_fd(env, &fd);
  struct stat file {};
  if (::fstat(fd, &file) != 0) return;
  const std::uint64_t from = std::min(static_cast<std::uint64_t>(file.st_size), used);
  const std::uint64_t to = used + kAhead;
  if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from), static_cast<off_t>(to - from)) == 0) {
    ahead_to = to;
    return;
  }
  const bool never = errno == EOPNOTSUPP || errno == ENOSYS;
  ahead_again = never ? std::chrono::steady_clock::time_point::max() : now + kAheadRetry;
}

// LMDB writes a transaction's pages where no older one looks, and its meta page last; if that one fails, it refuses
// everything from then on. So while it still opens snapshots, a failed commit has changed nothing.
bool Env::Impl::only_full(int code, std::size_t octets) {
  MDB_stat stat{};
  mdb_env_stat(env, &stat);
  int fd = -1;
  mdb_env_get_fd(env, &fd);
  const bool full = code == ENOSPC || code == EDQUOT;
  if (!full && (code != EIO || !says_full(fd, octets + kPagesOver * stat.ms_psize))) return false;
  const auto probe = snapshots.begin();
  if (!probe.ok()) return false;
  snapshots.end(*probe);
  return true;
}

Result<std::uint64_t> Env::reusable_octets() const {
  constexpr MDB_dbi kFreePages = 0;  // LMDB's own table: transaction to the pages it freed, the first word their number
  TRY_ASSIGN(MDB_txn * txn, impl_->snapshots.begin());
  MDB_cursor* cursor = nullptr;
  std::uint64_t pages = 0;
  int code = mdb_cursor_open(txn, kFreePages, &cursor);
  if (code == 0) {
    MDB_val key{}, value{};
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
      pages += *static_cast<std::size_t*>(value.mv_data);
    mdb_cursor_close(cursor);
  }
  impl_->snapshots.end(txn);
  if (code != MDB_NOTFOUND) return to_error(code, "count free pages");
  MDB_stat stat{};
  mdb_env_stat(impl_->env, &stat);
  return pages * stat.ms_psize;
}

}  // namespace hearthmail::store::lmdb
