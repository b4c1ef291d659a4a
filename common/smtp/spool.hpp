// Spool: where a message waits until it is whole, so that no store transaction waits for a peer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::smtp {

// Keeps up to kSpoolMemory octets in memory, the rest in a nameless file of `directory` (made on demand, mode 0700), so
// that small mail needs no file and a crash leaves nothing behind. Not synced: nothing in it was acknowledged.
// One thread at a time; read_all() may run on a worker while the session waits.
class Spool {
 public:
  explicit Spool(std::string directory) : directory_(std::move(directory)) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  base::Status write(std::string_view octets);  // Unavailable: disk full, directory missing
  std::uint64_t octets() const { return octets_; }
  bool in_file() const { return file_ >= 0; }
  // `prefix`, then everything that was written. Unavailable.
  base::Result<std::string> read_all(std::string_view prefix) const;

 private:
  base::Status open_file();
  std::string directory_;
  std::string memory_;
  std::uint64_t octets_ = 0;
  int file_ = -1;
};

}  // namespace hearthmail::smtp
