// Sessions on two mailboxes, at random: any interleaving of commands, and every client's view stays consistent and agrees
// with the reference. Reproduce a failure with HEARTHMAIL_MODEL_SEED=<seed> HEARTHMAIL_MODEL_RUNS=1.
#include <cstdlib>
#include <filesystem>

#include "tests/receiver/imap/model/run.hpp"

using namespace hearthmail;

namespace {

constexpr std::size_t kSteps = 25;          // of one run
constexpr std::size_t kTranscript = 6'000;  // octets of its end that a failure shows
constexpr std::uint32_t kRuns = 1'000;

// The mail lies in memory when that is to be had: thousands of runs commit far more often than a disk likes to sync.
struct InMemory {
  InMemory() {
    std::error_code none;
    if (std::filesystem::is_directory("/dev/shm", none)) ::setenv("TMPDIR", "/dev/shm", 0);
  }
};
struct Sessions : InMemory, test::ImapFixture {};

std::uint32_t setting(const char* name, std::uint32_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10));
}

}  // namespace

TEST_CASE_METHOD(Sessions, "random sessions agree with the reference, RFC 9051 7.5.1, RFC 7162 3.2.4") {
  const std::uint32_t first = setting("HEARTHMAIL_MODEL_SEED", 1);
  const std::uint32_t runs = setting("HEARTHMAIL_MODEL_RUNS", kRuns);
  for (std::uint32_t seed = first; seed < first + runs; ++seed) {
    test::model::Run run(*this, seed);
    try {
      run.go(kSteps);
    } catch (const std::exception& error) {
      const std::string& all = run.transcript();
      FAIL("seed " << seed << ": " << error.what() << "\n"
                   << all.substr(all.size() - std::min(all.size(), kTranscript)));
    }
  }
  SUCCEED(runs << " runs");
}
