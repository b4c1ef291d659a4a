#include "store/body/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace hearthmail::store::body {

#if defined(__x86_64__)
namespace {

// In the library, declared by its xxh_x86dispatch.h, which cannot stand beside the inlined functions.
extern "C" XXH64_hash_t XXH3_64bits_withSeed_dispatch(const void* octets, std::size_t count, XXH64_hash_t seed);
extern "C" XXH64_hash_t XXH3_64bits_dispatch(const void* octets, std::size_t count);

constexpr std::size_t kWorth = 512;  // octets; the call costs more than wide registers save of less

}  // namespace
#endif

std::uint64_t xxh3(std::string_view octets, std::uint64_t seed) {
#if defined(__x86_64__)
  if (octets.size() >= kWorth) {
    return seed == 0 ? XXH3_64bits_dispatch(octets.data(), octets.size())
                     : XXH3_64bits_withSeed_dispatch(octets.data(), octets.size(), seed);
  }
#endif
  return XXH3_64bits_withSeed(octets.data(), octets.size(), seed);
}

}  // namespace hearthmail::store::body
