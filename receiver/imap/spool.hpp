// Spool: where the octets of an APPEND wait until all of them are there: in memory while they are few, then in a file
// that has no name and so vanishes with us. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::receiver::imap {

class Spool {
 public:
  // `directory` is used beyond `in_memory` octets.
  Spool(std::string directory, std::size_t in_memory);
  ~Spool();
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;

  base::Status append(std::string_view octets);  // Unavailable: the file cannot be made or written
  std::uint64_t octets() const { return octets_; }
  base::Result<std::string> take();  // everything; empties the spool. Any thread

 private:
  base::Status open_file();
  base::Status write_file(std::string_view octets);

  std::string directory_;
  std::size_t in_memory_;
  std::string memory_;
  std::uint64_t octets_ = 0;
  int file_ = -1;
};

}  // namespace hearthmail::receiver::imap
