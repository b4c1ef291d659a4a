#include "store/lmdb/metas.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "common/base/bytes.hpp"
#include "common/log/log.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using layout::load;
using layout::Meta;

namespace {

// LMDB does not write a page that was allocated and freed in one transaction, so the last page may lie past the file's end.
constexpr std::uint64_t kMostPagesPastEnd = std::uint64_t{1} << 24U;
constexpr int kMostTries = 50;  // another process commits meanwhile

Error damaged(std::string_view what) {
  return {Errc::Corrupt,
          "data.mdb is damaged: " + std::string(what) + "; restore it from a backup with `hearthmail restore`"};
}

struct File {
  explicit File(const std::string& path) : fd(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd;
};

struct One {
  std::string octets;  // the page's beginning
  Meta meta;
  std::optional<std::uint64_t> stamp;
};
using Both = std::array<One, 2>;

bool is_power_of_two(std::uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

std::optional<std::uint64_t> stamp_of(const Structure& structure) {
  const auto record = structure.main_record(kCommitKey);
  if (!record) return std::nullopt;
  base::Decoder in(*record);
  const std::uint64_t number = in.u64();
  const std::uint64_t inverted = in.u64();
  if (!in.ok() || number != ~inverted) return ~std::uint64_t{0};  // there, and not what was written
  return number;
}

// What is the same in every meta page that LMDB writes.
Status check_fixed(const One& one, std::size_t index, std::uint64_t file_octets) {
  const Meta& meta = one.meta;
  const bool header = load<std::uint64_t>(one.octets, 0) == index &&
                      load<std::uint16_t>(one.octets, layout::kPageFlags) == layout::kMetaPage &&
                      load<std::uint32_t>(one.octets, layout::kMetaMagic) == layout::kMagic &&
                      load<std::uint32_t>(one.octets, layout::kMetaVersion) == layout::kVersion;
  const std::uint64_t page = meta.free.pad;
  const bool size = is_power_of_two(page) && page >= 512 && page <= 65536;
  const bool flags = (meta.free.flags & ~layout::kWithoutSubdir) == layout::kIntegerKeys && meta.main.flags == 0;
  if (!header || !size || !flags) return damaged("meta page " + std::to_string(index) + " is not one");
  if (file_octets < layout::kMetaPages * page) return damaged("it was cut short");
  if (meta.last_page < 1 || meta.last_page > file_octets / page + kMostPagesPastEnd) {
    return damaged("meta page " + std::to_string(index) + " names a last page far outside the file");
  }
  return base::ok();
}

Result<Both> read_metas(int fd) {
  Both both;
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Error{Errc::Unavailable, "measure data.mdb"};
  if (info.st_size == 0) return damaged("it was cut to nothing");
  std::size_t page_octets = 0;
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (!PageFile(fd, page_octets).read(i, layout::kMetaEnd, both[i].octets)) return damaged("it was cut short");
    both[i].meta = layout::load_meta(both[i].octets);
    TRY(check_fixed(both[i], i, static_cast<std::uint64_t>(info.st_size)));
    if (i == 0) page_octets = both[0].meta.free.pad;
  }
  if (both[0].meta.free.pad != both[1].meta.free.pad) return damaged("its meta pages do not agree");
  return both;
}

void read_stamps(int fd, Both& both) {
  for (One& one : both) {
    Structure structure(PageFile(fd, one.meta.free.pad), one.meta);
    if (structure.main_tree().ok()) one.stamp = stamp_of(structure);
  }
}

// The metas and their stamps, of one moment.
Result<Both> read_all(int fd) {
  Error last = damaged("its meta pages change all the time");
  for (int tries = 0; tries < kMostTries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    auto both = read_metas(fd);
    if (!both.ok()) {
      last = both.error();
      if (tries >= 3) return last;  // a page that was read while it was written is whole the next time
      continue;
    }
    read_stamps(fd, *both);
    const auto again = read_metas(fd);
    if (again.ok() && (*again)[0].octets == (*both)[0].octets && (*again)[1].octets == (*both)[1].octets) return both;
  }
  return last;
}

bool is_sound(const Both& both) {
  const std::uint64_t even = both[0].meta.transaction, odd = both[1].meta.transaction;
  if (even == 0 && odd <= 1) return true;  // new, or a compact copy
  if (even % 2 != 0 || odd % 2 != 1 || (even + 1 != odd && odd + 1 != even)) return false;
  const One& newest = even > odd ? both[0] : both[1];
  const One& other = even > odd ? both[1] : both[0];
  if (newest.stamp && *newest.stamp != newest.meta.transaction) return false;
  return !other.stamp || *other.stamp <= newest.meta.transaction;
}

// The number that is left when `after` is written over `before` and the disk stops within its eight octets. Once all that
// differs is there, everything before it in the page is there too.
bool is_torn(std::uint64_t before, std::uint64_t after, std::uint64_t found) {
  if (found == after) return false;
  for (unsigned octets = 0; octets < 8; ++octets) {
    const std::uint64_t low = (std::uint64_t{1} << (8 * octets)) - 1;
    if (found == ((before & ~low) | (after & low))) return true;
  }
  return false;
}

bool walks(int fd, const One& one) {
  Meta meta = one.meta;
  meta.transaction = *one.stamp;
  Structure structure(PageFile(fd, meta.free.pad), meta);
  if (!structure.begin().ok()) return false;
  const auto all = structure.leaves(std::chrono::steady_clock::time_point::max());
  return all.ok() && *all && structure.finish().ok();
}

Status write_number(int fd, const Both& both, std::size_t index, std::uint64_t number) {
  const auto at = static_cast<off_t>(index * both[0].meta.free.pad + layout::kMetaTransaction);
  if (::pwrite(fd, &number, sizeof number, at) != static_cast<ssize_t>(sizeof number) || ::fsync(fd) != 0) {
    return Error{Errc::Unavailable, "repair a meta page"};
  }
  log::warning("a meta page had the wrong transaction number; it was put right", {{"page", index}, {"number", number}});
  return base::ok();
}

// Takes `chosen` for the newest state: its tree names its number and is whole. The other page must be the state before
// it, or have been under way to the next; else it may have been a later one, and something would be lost in silence.
bool is_newest(const Both& both, std::size_t chosen) {
  const One& other = both[1 - chosen];
  const std::uint64_t number = *both[chosen].stamp;
  if (other.stamp && *other.stamp + 1 == number) return true;
  return is_torn(number - 1, number + 1, other.meta.transaction);
}

Status put_right(int fd, const Both& both) {
  const std::uint64_t none = 0;
  const std::uint64_t first = both[0].stamp.value_or(none), second = both[1].stamp.value_or(none);
  const std::size_t newer = first > second ? 0 : 1;
  for (const std::size_t chosen : {newer, 1 - newer}) {
    if (!both[chosen].stamp || *both[chosen].stamp % 2 != chosen || !walks(fd, both[chosen])) continue;
    if (!is_newest(both, chosen)) break;
    const std::uint64_t number = *both[chosen].stamp;
    if (both[1 - chosen].meta.transaction >= number) TRY(write_number(fd, both, 1 - chosen, number - 1));
    if (both[chosen].meta.transaction != number) TRY(write_number(fd, both, chosen, number));
    return base::ok();
  }
  return damaged("its meta pages do not fit together");
}

}  // namespace

Status check_metas(const std::string& data_file) {
  const File file(data_file);
  if (file.fd < 0) return Error{Errc::Unavailable, "open data.mdb: " + std::string(std::strerror(errno))};
  TRY_ASSIGN(const auto both, read_all(file.fd));
  return is_sound(both) ? base::ok() : put_right(file.fd, both);
}

int stamp(MDB_txn* txn, MDB_dbi main_tree) {
  const std::uint64_t number = mdb_txn_id(txn);
  const std::string record = base::Encoder().u64(number).u64(~number).str();
  MDB_val key{kCommitKey.size(), const_cast<char*>(kCommitKey.data())};
  MDB_val value{record.size(), const_cast<char*>(record.data())};
  return mdb_put(txn, main_tree, &key, &value, 0);
}

Status check_stamp(const Structure& structure, std::uint64_t transaction) {
  const auto found = stamp_of(structure);
  if (!found || *found == transaction || transaction <= 1) return base::ok();
  return damaged("its meta page and its tables are of different commits");
}

}  // namespace hearthmail::store::lmdb
