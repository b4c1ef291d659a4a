// Is the file as long as its pages? LMDB does not ask, and a read past the end of the file dies with SIGBUS.
//
// LMDB never writes a page that was allocated and freed again within one transaction, so a sound file may be shorter than
// its last page; then every page past the end is in the free list. That list is a B-tree like any other; it is walked
// here with pread on the layout of LMDB 0.9 (data version 1, 64-bit, native byte order).
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "store/lmdb/handle.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Status;

namespace {

constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::size_t kPageHeader = 16;  // page number, pad, flags, lower, upper
constexpr std::size_t kMetaTxnId =
    kPageHeader + 24 + 2 * 48 + 8;  // after magic, version, address, map size, 2 trees, last page
constexpr std::size_t kMetaFreeRoot = kPageHeader + 24 + 40;
constexpr std::uint16_t kBranch = 0x01, kLeaf = 0x02, kBigValue = 0x01;
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr int kMaxDepth = 32;  // CURSOR_STACK in LMDB

template <class T>
T load(std::string_view octets, std::size_t at) {
  T value{};
  if (at + sizeof(T) <= octets.size()) std::memcpy(&value, octets.data() + at, sizeof(T));
  return value;
}

// Collects the free pages from `first_missing` on.
class FreeList {
 public:
  FreeList(int fd, std::size_t page_size, std::uint64_t first_missing)
      : fd_(fd), page_size_(page_size), first_missing_(first_missing) {}

  bool walk(std::uint64_t txn_id) {
    for (std::uint64_t meta = 0; meta < 2; ++meta) {
      std::string page;
      if (!read(meta, 1, page) || load<std::uint32_t>(page, kPageHeader) != kMagic) return false;
      if (load<std::uint64_t>(page, kMetaTxnId) != txn_id) continue;
      const auto root = load<std::uint64_t>(page, kMetaFreeRoot);
      return root == kNoPage || tree(root, 0);
    }
    return false;
  }
  // Every page from the first missing one to `last` is free.
  bool covers(std::uint64_t last) {
    std::sort(missing_.begin(), missing_.end());
    missing_.erase(std::unique(missing_.begin(), missing_.end()), missing_.end());
    return missing_.size() == last - first_missing_ + 1 && missing_.back() == last;
  }

 private:
  bool read(std::uint64_t page, std::size_t count, std::string& out) const {
    out.resize(count * page_size_);
    const auto at = static_cast<off_t>(page * page_size_);
    return ::pread(fd_, out.data(), out.size(), at) == static_cast<ssize_t>(out.size());
  }

  bool tree(std::uint64_t number, int depth) {
    std::string page;
    if (depth > kMaxDepth || !read(number, 1, page)) return false;
    const auto flags = load<std::uint16_t>(page, 10);
    const auto nodes = (load<std::uint16_t>(page, 12) - kPageHeader) / 2;
    if ((flags & (kBranch | kLeaf)) == 0 || nodes > page_size_ / 2) return false;
    for (std::size_t i = 0; i < nodes; ++i) {
      const std::size_t at = load<std::uint16_t>(page, kPageHeader + 2 * i);
      const auto low = load<std::uint16_t>(page, at), high = load<std::uint16_t>(page, at + 2);
      const auto node_flags = load<std::uint16_t>(page, at + 4);
      const auto pair = low | (std::uint64_t{high} << 16U);
      if ((flags & kBranch) != 0) {
        if (!tree(pair | (std::uint64_t{node_flags} << 32U), depth + 1)) return false;
      } else if (!list(page, at + 8 + load<std::uint16_t>(page, at + 6), pair, (node_flags & kBigValue) != 0)) {
        return false;
      }
    }
    return true;
  }

  // A value: a count, then that many page numbers.
  bool list(std::string_view page, std::size_t at, std::uint64_t octets, bool big) {
    std::string overflow;
    if (big) {
      const auto pages = (kPageHeader + octets + page_size_ - 1) / page_size_;
      if (!read(load<std::uint64_t>(page, at), pages, overflow)) return false;
      page = overflow;
      at = kPageHeader;
    }
    if (at + octets > page.size()) return false;
    const auto count = load<std::uint64_t>(page, at);
    if (count > octets / 8) return false;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto number = load<std::uint64_t>(page, at + 8 * i);
      if (number >= first_missing_) missing_.push_back(number);
    }
    return true;
  }

  int fd_;
  std::size_t page_size_;
  std::uint64_t first_missing_;
  std::vector<std::uint64_t> missing_;
};

}  // namespace

Status check_length(MDB_env* env, MDB_txn* txn) {
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env, &info);
  mdb_env_stat(env, &stat);
  int fd = -1;
  mdb_env_get_fd(env, &fd);
  struct stat file {};
  if (::fstat(fd, &file) != 0) return to_error(errno, "measure data.mdb");
  const std::uint64_t pages = static_cast<std::uint64_t>(file.st_size) / stat.ms_psize;
  if (pages > info.me_last_pgno) return base::ok();
  FreeList free_list(fd, stat.ms_psize, pages);
  if (pages >= 2 && free_list.walk(mdb_txn_id(txn)) && free_list.covers(info.me_last_pgno)) return base::ok();
  return Error{Errc::Corrupt, "data.mdb was cut short: it has " + std::to_string(file.st_size) + " octets and needs " +
                                  std::to_string((info.me_last_pgno + 1) * stat.ms_psize) +
                                  "; restore it from a backup with `hearthmail restore`"};
}

}  // namespace hearthmail::store::lmdb
