// Damages a file's octets as disks, controllers and people do.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace hearthmail::crash {

enum class Damage : std::uint8_t {
  Bit,
  Bits,        // 2 to 16 anywhere
  BitsInPage,  // 2 to 16 in one page
  KeyBit,      // one in a key of a leaf page
  RecordBits,  // 2 to 8 in one key and its value
  ZeroedPage,
  ZeroedSector,
  NoisySector,
  SwappedPages,
  CopiedPage,  // over another
  Cut,         // to any length, also nothing
  NoisyMeta,   // a meta page
  CopiedMeta,  // one meta page over the other
};
constexpr std::size_t kDamages = 13;
const char* name_of(Damage damage);

// Returns where, in words.
std::string apply(Damage damage, std::string& octets, std::mt19937_64& random);

}  // namespace hearthmail::crash
