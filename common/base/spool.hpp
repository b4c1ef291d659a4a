// Spool: where a message waits until it is whole, so that no store transaction waits for a peer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/disk_reserve.hpp"
#include "common/base/result.hpp"

namespace hearthmail::base {

constexpr std::size_t kSpoolMemory = 256 * 1024;  // octets of a message that are kept in memory before a file is made

// Keeps up to kSpoolMemory octets in memory, the rest in a nameless file of `directory` (made on demand, mode 0700), so
// that small mail needs no file and a crash leaves nothing behind. Not synced: nothing in it was acknowledged.
// One thread at a time; read_all() may run on a worker while the session waits.
class Spool {
 public:
  // A file is only written while `disk` has room for it; none: until the disk is full. Borrowed.
  explicit Spool(std::string directory, DiskReserve* disk = nullptr) : directory_(std::move(directory)), disk_(disk) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Status write(std::string_view octets);  // Unavailable: disk full, directory missing
  // Is there room to store what was written, besides the reserve? Unavailable.
  Status check_room() const { return check_free(octets_); }
  std::uint64_t octets() const { return octets_; }
  bool in_file() const { return file_ >= 0; }
  // `prefix`, then everything that was written. Unavailable.
  Result<std::string> read_all(std::string_view prefix) const;

 private:
  Status open_file();
  Status check_free(std::uint64_t octets) const { return disk_ == nullptr ? ok() : disk_->check(octets); }
  std::string directory_;
  DiskReserve* disk_;
  std::string memory_;
  std::uint64_t octets_ = 0;
  int file_ = -1;
};

}  // namespace hearthmail::base
