// Runs one fuzz target without libFuzzer:
//   fuzz_mime [--runs N | --seconds N] [--seed S] [--corpus DIR] [--max-octets N] [FILE...]
// With files it runs those and nothing else. When the target dies, the input is written to crash-<run> in the current
// directory.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "common/base/text.hpp"
#include "tests/fuzz/mutator.hpp"
#include "tests/fuzz/target.hpp"

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace hearthmail::fuzz {

__attribute__((weak)) std::vector<std::string> fuzz_seeds() { return {}; }
__attribute__((weak)) std::vector<std::string> fuzz_dictionary() { return {}; }

}  // namespace hearthmail::fuzz

namespace {

using hearthmail::fuzz::Mutator;

struct Options {
  std::uint64_t runs = 20'000;
  std::uint64_t seconds = 0;  // 0: by runs
  std::uint64_t seed = 1;
  std::uint64_t max_octets = 16 * 1024;
  std::string corpus;
  std::vector<std::string> files;
};

// The input under test, for the death callback: plain data that a signal handler may read.
const char* input_octets = nullptr;
std::size_t input_count = 0;
char crash_name[64] = "crash";

void keep_input() {
  if (input_octets == nullptr) return;
  const int file = open(crash_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  for (std::size_t done = 0; done < input_count;) {
    const ssize_t count = write(file, input_octets + done, input_count - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  close(file);
  input_octets = nullptr;
}

void on_signal(int number) {
  keep_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(const std::string& input, std::uint64_t number) {
  input_octets = input.data();
  input_count = input.size();
  std::snprintf(crash_name, sizeof crash_name, "crash-%llu", static_cast<unsigned long long>(number));
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  input_octets = nullptr;
}

std::string load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

[[noreturn]] void usage() {
  std::cerr << "usage: fuzz_NAME [--runs N | --seconds N] [--seed S] [--corpus DIR] [--max-octets N] [FILE...]\n";
  std::exit(2);
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    if (word.substr(0, 2) != "--") {
      options.files.emplace_back(word);
      continue;
    }
    if (++i >= count) usage();
    if (word == "--corpus") {
      options.corpus = arguments[i];
      continue;
    }
    const auto value = hearthmail::base::parse_u64(arguments[i]);
    if (!value) usage();
    if (word == "--runs") options.runs = *value;
    else if (word == "--seconds") options.seconds = *value;
    else if (word == "--seed") options.seed = *value;
    else if (word == "--max-octets") options.max_octets = *value;
    else usage();
  }
  return options;
}

std::vector<std::string> seeds(const Options& options) {
  std::vector<std::string> out = hearthmail::fuzz::fuzz_seeds();
  if (options.corpus.empty()) return out;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(options.corpus)) {
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) out.push_back(load(path));
  return out;
}

std::uint64_t fuzz(const Options& options) {
  Mutator mutator(options.seed, seeds(options), hearthmail::fuzz::fuzz_dictionary(), options.max_octets);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  std::uint64_t done = 0;
  while (options.seconds > 0 ? std::chrono::steady_clock::now() < end : done < options.runs)
    run(mutator.next(), done++);
  return done;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(keep_input);
  } else {
    std::signal(SIGSEGV, on_signal);
  }
  std::signal(SIGABRT, on_signal);
  std::uint64_t done = 0;
  for (const std::string& path : options.files) run(load(path), done++);
  if (options.files.empty()) done = fuzz(options);
  std::cout << done << " runs, seed " << options.seed << ": nothing found\n";
  return 0;
}
