// Numbers and English-like words from a seed. The words follow Zipf's law, so that their text compresses like mail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearthmail::bench {

// SplitMix64 (Steele, Lea, Flood 2014): small, fast, the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  Dice(std::uint64_t seed, std::uint64_t stream)
      : state_(seed * 0x9E3779B97F4A7C15ULL ^ (stream + 1) * 0xD1B54A32D192ED03ULL) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

std::string_view word(Dice& dice);
std::string_view first_name(Dice& dice);
std::string_view last_name(Dice& dice);
// Words, sentences and paragraphs in lines of at most 76 octets, exactly `octets` long, ending in CRLF.
void add_text(Dice& dice, std::size_t octets, std::string& out);
// Base64 of random octets in lines of 76, exactly `octets` long, ending in CRLF (the last line may be short; it is padded
// so that it decodes).
void add_base64(Dice& dice, std::size_t octets, std::string& out);

}  // namespace hearthmail::bench
