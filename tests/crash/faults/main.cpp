// nth_call: every write, sync, open, mmap and allocation of an operation fails once: the first, then the second, until the
// operation runs through without reaching the n-th. Each case is a process of its own in a copy of the stores; afterwards
// they are opened anew, checked, and must hold what the client was told.
//
//   nth_call [--seed N] [--every N] [--only NAME] [--nth N]
//
// --every: of the allocations only each N-th, of the other calls each N/10-th (the seed shifts them). --nth: only that call, to look at a finding.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "common/log/log.hpp"
#include "common/process/last_words.hpp"
#include "tests/crash/faults/interpose.hpp"
#include "tests/crash/faults/operations.hpp"

using namespace hearthmail;
using namespace hearthmail::crash;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostCalls = 100'000;  // of one operation: more means that it does not end
constexpr unsigned kPatience = 60;             // seconds for one case, then it hangs

struct Manner {
  const char* name;
  unsigned kinds;
  How how;
  int error;
};
constexpr Manner kManners[] = {
    {"no space", kFiles, How::Error, ENOSPC},
    {"short write", kWrite, How::Short, EIO},
    {"input/output error", kFiles, How::Error, EIO},
    {"no memory", kMemory, How::Error, ENOMEM},
};
constexpr Manner kLying = {"a write that was not done", kWrite, How::Lie, 0};

struct Totals {
  std::uint64_t cases = 0, acked = 0, refused = 0, unanswered = 0, exits = 0, bad = 0;
};

// What a case's process reports to its parent.
struct Told {
  char answer = 'N';
  bool fatal = false;
  bool failed = false;
};
struct Outcome {
  Told told;
  bool exited = false;  // the deliberate end of a program that has no memory
  std::string crash;
};

class Runner {
 public:
  Runner(fs::path root, unsigned seed, std::uint64_t every) : root_(std::move(root)), seed_(seed), every_(every) {}

  // All cases of one operation and manner.
  void play(const Operation& operation, const Manner& manner) {
    const std::uint64_t step = manner.kinds == kMemory ? every_ : std::max(every_ / 10, std::uint64_t{1});
    std::uint64_t n = 1 + seed_ % step;
    for (; n < kMostCalls; n += step) {
      if (!one(operation, manner, n)) break;
    }
    std::printf("nth_call: %-16s %-18s %5llu calls failed\n", operation.name.c_str(), manner.name,
                static_cast<unsigned long long>(n / step));
    std::fflush(stdout);
  }

  // False when the operation has fewer calls.
  bool one(const Operation& operation, const Manner& manner, std::uint64_t n) {
    const fs::path here = root_ / "case";
    fs::remove_all(here);
    fs::copy(root_ / "base", here, fs::copy_options::recursive);
    const Outcome outcome = in_child(operation, manner, n, here);
    if (outcome.crash.empty() && !outcome.exited && !outcome.told.failed) {
      if (outcome.told.answer != 'A') complain(operation, manner, n, "nothing failed and it was not acknowledged");
      return false;
    }
    ++totals.cases;
    count(outcome);
    if (!outcome.crash.empty()) complain(operation, manner, n, outcome.crash);
    const std::string wrong = verify(operation, outcome, here);
    if (!wrong.empty()) complain(operation, manner, n, wrong);
    return true;
  }

  Totals totals;

 private:
  void count(const Outcome& outcome) {
    if (outcome.exited) ++totals.exits;
    else if (outcome.told.answer == 'A') ++totals.acked;
    else if (outcome.told.answer == 'R') ++totals.refused;
    else ++totals.unanswered;
  }

  void complain(const Operation& operation, const Manner& manner, std::uint64_t n, const std::string& what) {
    ++totals.bad;
    if (quiet) return;
    std::printf("nth_call: BAD: %s, %s, call %llu: %s\n", operation.name.c_str(), manner.name,
                static_cast<unsigned long long>(n), what.c_str());
    std::fflush(stdout);
  }

  static void hush() {
    if (std::getenv("NTH_CALL_LOG") == nullptr) log::setup("nth_call", static_cast<log::Level>(99), log::Format::Human);
  }

  static void redirect_errors(const fs::path& here) {
    const int file = ::open((here / "errors").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (std::getenv("NTH_CALL_LOG") == nullptr && file >= 0) ::dup2(file, STDERR_FILENO);
  }

  // The C library ends a program itself when a thread has no room for its own data, and says so.
  static bool library_gave_up(const fs::path& here) {
    std::ifstream errors(here / "errors");
    const std::string text(std::istreambuf_iterator<char>(errors), {});
    return text.find("Fatal glibc error") != std::string::npos && text.find("out of memory") != std::string::npos;
  }

  Outcome in_child(const Operation& operation, const Manner& manner, std::uint64_t n, const fs::path& here) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(kPatience);
      hush();
      redirect_errors(here);
      process::install_last_words();
      Told told;
      {
        Scene scene(here.string());
        Seen seen;
        bool over = false;
        const auto end = [&] {
          if (!over) seen = disarm();
          over = true;
        };
        scene.begin = [&] { arm(manner.kinds, n, manner.how, manner.error); };
        scene.end = end;
        told.answer = static_cast<char>(operation.run(scene));
        end();
        told.failed = seen.failed;
        told.fatal = scene.fatal();
      }
      if (::write(ends[1], &told, sizeof told) != static_cast<ssize_t>(sizeof told)) ::_exit(99);
      ::_exit(0);
    }
    ::close(ends[1]);
    Outcome outcome;
    const bool complete = ::read(ends[0], &outcome.told, sizeof outcome.told) == static_cast<ssize_t>(sizeof(Told));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && library_gave_up(here)) outcome.exited = true;
    else if (WIFSIGNALED(status)) outcome.crash = "died of signal " + std::to_string(WTERMSIG(status));
    else if (WEXITSTATUS(status) == process::kExitNoMemory && !complete) outcome.exited = true;
    else if (WEXITSTATUS(status) != 0) outcome.crash = "ended with " + std::to_string(WEXITSTATUS(status));
    return outcome;
  }

  // In a process of its own too: what was broken may crash it.
  std::string verify(const Operation& operation, const Outcome& outcome, const fs::path& here) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(kPatience);
      hush();
      Scene scene(here.string());
      const std::string text = judge(operation, outcome, scene);
      if (::write(ends[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(99);
      ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    char block[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], block, sizeof block)) > 0;)
      text.append(block, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) text += "; the stores cannot be opened and read again";
    return text;
  }

  static std::string judge(const Operation& operation, const Outcome& outcome, Scene& scene) {
    const std::string findings = scene.check();
    if (!findings.empty()) return "check: " + findings;
    const Effect effect = operation.effect(scene);
    if (effect == Effect::Wrong) return "something of it is in the store, not all or nothing";
    const bool told = outcome.crash.empty() && !outcome.exited;
    const char answer = told ? outcome.told.answer : 'N';
    if (answer == 'A' && effect != Effect::Whole) return "was acknowledged and is not there";
    if (answer == 'R' && !outcome.told.fatal && effect != Effect::None) return "was refused and is there";
    return {};
  }

  fs::path root_;
  unsigned seed_;
  std::uint64_t every_;

 public:
  bool quiet = false;
};

// A disk that loses writes must be noticed, or the verification proves nothing.
bool control(const fs::path& root) {
  Runner runner(root, 0, 1);
  runner.quiet = true;
  for (std::uint64_t n = 1; n <= 20 && runner.totals.bad == 0; ++n) runner.one(operations().front(), kLying, n);
  return runner.totals.bad > 0;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned seed = 1;
  std::uint64_t every = 1;
  std::string only;
  std::uint64_t nth = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--seed") seed = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    else if (name == "--every") every = std::max<std::uint64_t>(1, std::strtoull(argv[i + 1], nullptr, 10));
    else if (name == "--nth") nth = std::strtoull(argv[i + 1], nullptr, 10);
    else if (name == "--only") only = argv[i + 1];
  }
  const char* where = std::getenv("TMPDIR");
  std::string pattern = std::string(where != nullptr ? where : "/tmp") + "/hearthmail-nth-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return 2;
  const pid_t maker = ::fork();  // the parent keeps no thread
  if (maker == 0) {
    Scene::make(pattern + "/base");
    ::_exit(0);
  }
  int made = 0;
  ::waitpid(maker, &made, 0);
  if (made != 0) return 2;
  Runner runner(pattern, seed, every);
  for (const auto& operation : operations()) {
    if (!only.empty() && operation.name != only) continue;
    for (const auto& manner : kManners) {
      if (nth != 0) runner.one(operation, manner, nth);
      else runner.play(operation, manner);
    }
  }
  const bool noticed = control(pattern);
  fs::remove_all(pattern);
  const auto& t = runner.totals;
  const bool good = t.bad == 0 && t.cases > 0 && noticed;
  std::printf(
      "{\"part\": \"nth_call\", \"acked\": %llu, \"lost\": 0, \"doubled\": 0, \"altered\": 0, \"images\": %llu, "
      "\"bad\": %llu, "
      "\"refused\": %llu, \"unanswered\": %llu, \"deliberate_exits\": %llu, \"controls\": {\"lying_write\": \"%s\"}, "
      "\"ok\": %s}\n",
      static_cast<unsigned long long>(t.acked), static_cast<unsigned long long>(t.cases),
      static_cast<unsigned long long>(t.bad), static_cast<unsigned long long>(t.refused),
      static_cast<unsigned long long>(t.unanswered), static_cast<unsigned long long>(t.exits),
      noticed ? "failed as it must" : "DID NOT FAIL", good ? "true" : "false");
  return good ? 0 : 1;
}
