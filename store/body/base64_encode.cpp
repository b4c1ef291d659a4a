#include "store/body/base64_encode.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hearthmail::store::body {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two characters for every 12 bits.
struct Pairs {
  std::array<std::array<char, 2>, 4096> of{};
  constexpr Pairs() {
    for (std::size_t i = 0; i < of.size(); ++i) of[i] = {kAlphabet[i >> 6], kAlphabet[i & 63]};
  }
};
constexpr Pairs kPairs;

std::uint32_t three(const char* in) {
  const auto octet = [in](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(in[i])); };
  return octet(0) << 16 | octet(1) << 8 | octet(2);
}

#if defined(__x86_64__)

constexpr std::size_t kWide = 8, kNarrow = 4;              // groups in a register
constexpr std::size_t kWideReads = 28, kNarrowReads = 16;  // octets that are looked at for them
constexpr std::size_t kGroupOctets = 3, kGroupCharacters = 4;

// Every group's four values of six bits, an octet each: shifts by products, which take each value out of its place.
// What must be added to a value to become its character follows from the range in which it lies.
__attribute__((target("avx2"))) __m256i characters(__m256i octets) {
  const __m256i order = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,  //
                                         1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  const __m256i in = _mm256_shuffle_epi8(octets, order);
  const __m256i first = _mm256_mulhi_epu16(_mm256_and_si256(in, _mm256_set1_epi32(0x0FC0FC00)),  // values 0 and 2
                                           _mm256_set1_epi32(0x04000040));
  const __m256i second = _mm256_mullo_epi16(_mm256_and_si256(in, _mm256_set1_epi32(0x003F03F0)),  // values 1 and 3
                                            _mm256_set1_epi32(0x01000010));
  const __m256i values = _mm256_or_si256(first, second);
  // Ranges: 0 for 26 to 51, 1 to 10 for digits, 11 for "+", 12 for "/", 13 for 0 to 25.
  const __m256i above = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
  const __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
  const __m256i range = _mm256_or_si256(above, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
  const __m256i distance = _mm256_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0,  //
                                            71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  return _mm256_add_epi8(values, _mm256_shuffle_epi8(distance, range));
}

__attribute__((target("avx2"))) __m128i load(const char* in) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
}

__attribute__((target("avx2"))) void encode_narrow(const char* in, char* out) {
  const __m128i made = _mm256_castsi256_si128(characters(_mm256_castsi128_si256(load(in))));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), made);
}

__attribute__((target("avx2"))) char* encode_wide(const char* in, std::size_t groups, std::size_t readable, char* out) {
  const char* const end = in + readable;
  const auto can_read = [&in, end](std::size_t octets) { return static_cast<std::size_t>(end - in) >= octets; };
  std::size_t done = 0;
  const auto advance = [&](std::size_t by) {
    in += by * kGroupOctets;
    out += by * kGroupCharacters;
    done += by;
  };
  while (groups - done >= kWide && can_read(kWideReads)) {
    const __m256i made = characters(_mm256_set_m128i(load(in + kNarrow * kGroupOctets), load(in)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), made);
    advance(kWide);
  }
  while (groups - done >= kNarrow && can_read(kNarrowReads)) {
    encode_narrow(in, out);
    advance(kNarrow);
  }
  const std::size_t left = groups - done;
  const std::size_t again = kNarrow - left;  // groups before them that are made once more, to fill a register
  if (left > 0 && left < kNarrow && done >= again && can_read(kNarrowReads - again * kGroupOctets)) {
    encode_narrow(in - again * kGroupOctets, out - again * kGroupCharacters);
    return out + left * kGroupCharacters;
  }
  return encode_groups_one_by_one(in, left, out);
}

#endif

}  // namespace

char* encode_groups_one_by_one(const char* in, std::size_t groups, char* out) {
  for (; groups > 0; --groups, in += 3, out += 4) {
    const std::uint32_t value = three(in);
    std::memcpy(out, kPairs.of[value >> 12].data(), 2);
    std::memcpy(out + 2, kPairs.of[value & 0xFFF].data(), 2);
  }
  return out;
}

char* encode_groups(const char* in, std::size_t groups, std::size_t readable, char* out) {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx2") != 0;
  if (wide) return encode_wide(in, groups, readable, out);
#endif
  static_cast<void>(readable);
  return encode_groups_one_by_one(in, groups, out);
}

}  // namespace hearthmail::store::body
