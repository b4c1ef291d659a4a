// A fuzz target is one file fuzz_<name>.cpp that defines LLVMFuzzerTestOneInput() and, if it likes, fuzz_seeds() and
// fuzz_dictionary(). A broken promise of the code under test ends in FUZZ_CHECK, a sanitizer's report or a crash.
//
// With g++ the driver in driver.cpp runs it: a seeded mutator without coverage feedback, the same runs for the same
// seed. With clang the same files run under libFuzzer, which then brings its own main:
//
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I. tests/fuzz/fuzz_mime.cpp tests/corpus/*s.cpp
//     tests/corpus/broken.cpp tests/corpus/corpus.cpp common/mime/*.cpp common/base/*.cpp
//     $(pkg-config --cflags --libs gmime-3.0) -o fuzz_mime && corpus-writer DIR && ./fuzz_mime DIR
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count);

namespace hearthmail::fuzz {

// Inputs to start from, and words that matter to the grammar. The driver has empty ones for targets without.
std::vector<std::string> fuzz_seeds();
std::vector<std::string> fuzz_dictionary();

inline std::string_view as_text(const std::uint8_t* octets, std::size_t count) {
  return {reinterpret_cast<const char*>(octets), count};
}

}  // namespace hearthmail::fuzz

#define FUZZ_CHECK(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
