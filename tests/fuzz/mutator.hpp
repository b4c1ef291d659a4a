// Mutator: makes new inputs from old ones. The same seed gives the same inputs on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearthmail::fuzz {

class Mutator {
 public:
  // `seeds` may be empty. No input is longer than `most` octets.
  Mutator(std::uint64_t seed, std::vector<std::string> seeds, std::vector<std::string> dictionary, std::size_t most);
  // The seeds as they are first, then mutations of them and of earlier mutations.
  const std::string& next();

 private:
  std::uint64_t random();                // xorshift64*
  std::size_t below(std::size_t limit);  // 0 when limit is 0
  void mutate(std::string& text);
  void change_octet(std::string& text);
  void insert_word(std::string& text);
  void remove_range(std::string& text);
  void repeat_range(std::string& text);
  void splice(std::string& text);
  void insert_noise(std::string& text);

  std::uint64_t state_;
  std::vector<std::string> pool_;
  std::size_t originals_;
  std::vector<std::string> dictionary_;
  std::size_t most_;
  std::size_t given_ = 0;
  std::string current_;
};

}  // namespace hearthmail::fuzz
