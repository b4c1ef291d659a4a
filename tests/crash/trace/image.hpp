// Rebuilds what a disk may hold after a crash: everything that was behind a barrier, and of the writes since then all, some
// sectors, some pages or the beginning. A write through a descriptor with O_DSYNC is its own barrier.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/crash/trace/workload.hpp"

namespace hearthmail::crash {

constexpr std::size_t kSector = 512;  // octets; the least that a disk writes as a whole
constexpr std::size_t kPage = 4096;   // octets; what the page cache writes back

enum class Loss : std::uint8_t {
  None,         // every write until the moment is there: kill -9, or a prefix of the writes
  Writes,       // each write since the barrier is there or not
  Pages,        // each page of them
  Sectors,      // each sector of them
  Torn,         // the write that comes next was under way: its first octets are there, in the middle of a sector
  TornSectors,  // ... some of its sectors are
};
constexpr std::size_t kLosses = 6;

// Which barriers count. `Rare`: what a store without fdatasync would have: only every 16th, and no O_DSYNC.
enum class Barriers : std::uint8_t { All, Rare };

class ImageBuilder {
 public:
  // `path`: the data.mdb to write; it is kept equal to what is durable except between build() and revert().
  ImageBuilder(const Record& record, std::uint8_t environment, std::string path, Barriers barriers);
  ~ImageBuilder();
  ImageBuilder(const ImageBuilder&) = delete;
  ImageBuilder& operator=(const ImageBuilder&) = delete;

  // Goes on to the moment before events[at]; never back.
  void advance(std::size_t at);
  // Writes the image; returns the moment of the crash, which is later than where advance() stopped for a torn write.
  std::size_t build(Loss loss, std::mt19937_64& random);
  // Takes the image back. `everything`: the file was used and may be different anywhere.
  void revert(bool everything);

 private:
  struct Piece {
    std::uint64_t offset = 0;
    std::string_view octets;
  };
  void make_durable(const Event& event);
  void put(Piece piece);
  void put_some(Piece piece, std::size_t unit, unsigned percent, std::mt19937_64& random);
  std::size_t put_torn(Loss loss, std::mt19937_64& random);

  const Record& record_;
  std::uint8_t environment_;
  std::string path_;
  Barriers barriers_;
  int fd_ = -1;
  std::size_t at_ = 0;
  std::size_t seen_barriers_ = 0;
  std::string durable_;
  std::vector<const Event*> pending_;
  std::vector<std::pair<std::uint64_t, std::size_t>> changed_;  // by build(): offset, octets
};

}  // namespace hearthmail::crash
