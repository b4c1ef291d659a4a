// crash_corrupt: damages copies of a store with known contents and looks at what the store makes of each. tests/crash/corrupt
// calls it; tests/crash/README.md explains it.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "common/log/log.hpp"
#include "store/lmdb/guard.hpp"
#include "tests/crash/corruption/damage.hpp"
#include "tests/crash/corruption/judge.hpp"
#include "tests/crash/trace/workload.hpp"

using namespace hearthmail;
using namespace hearthmail::crash;

namespace {

constexpr unsigned kSeconds = 60;  // for one corruption; it takes milliseconds, longer it hangs
constexpr std::size_t kProgressEvery = 100;

struct Options {
  std::uint64_t seed = 1;
  std::size_t corruptions = 60;
  std::size_t only = ~std::size_t{0};
};

struct Known {
  std::string octets;
  Contents contents;
};
using Store = std::array<Known, kEnvironments>;

struct Sums {
  std::map<std::string, std::size_t> outcomes;
  std::size_t bad = 0, lost = 0, altered = 0;
};

[[noreturn]] void usage() {
  std::fprintf(stderr, "usage: crash_corrupt [--seed N] [--corruptions N] [--only-image K]\n");
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--seed") options.seed = std::stoull(argv[i + 1]);
    else if (name == "--corruptions") options.corruptions = std::stoull(argv[i + 1]);
    else if (name == "--only-image") options.only = std::stoull(argv[i + 1]);
    else usage();
  }
  if (argc % 2 == 0 || options.corruptions == 0) usage();
  return options;
}

bool in_child(const std::function<bool()>& work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool done = work();
    std::fflush(nullptr);
    std::_Exit(done ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

bool make_store(const std::string& directory, std::uint64_t seed, Store& store) {
  const bool made = in_child([&] {
    Record record;
    WorkloadSize size;
    size.mail_operations = 60;
    size.queue_operations = 50;
    size.account_operations = 20;
    const base::Status done = run_workload(directory + "/live", seed, size, record);
    if (!done.ok()) std::fprintf(stderr, "the workload failed: %s\n", done.error().text.c_str());
    return done.ok();
  });
  if (!made) return false;
  for (std::uint8_t i = 0; i < kEnvironments; ++i) {
    const std::string where = directory + "/live/" + kEnvironmentNames[i];
    auto contents = read_contents(where, i);
    if (!contents.ok()) {
      std::fprintf(stderr, "%s\n", contents.error().text.c_str());
      return false;
    }
    store[i].contents = std::move(*contents);
    std::ifstream in(where + "/data.mdb", std::ios::binary);
    store[i].octets.assign(std::istreambuf_iterator<char>(in), {});
  }
  return true;
}

// Looks at one damaged file in a process of its own; its report comes through a pipe: outcome, lost, altered, text.
Judgement look(const std::string& directory, std::uint8_t environment, const Contents& expected, std::string& end) {
  int report[2];
  if (::pipe(report) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(report[0]);
    ::alarm(kSeconds);
    const Judgement found = judge(directory, environment, expected);
    ::dprintf(report[1], "%d %zu %zu %s", static_cast<int>(found.outcome), found.lost, found.altered,
              found.text.substr(0, 4000).c_str());
    std::_Exit(0);
  }
  ::close(report[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = ::read(report[0], buffer, sizeof buffer); got > 0;
       got = ::read(report[0], buffer, sizeof buffer)) {
    said.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(report[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Judgement found;
  int outcome = 0, used = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == store::lmdb::kExitDamaged) {
    end = "stopped with the line that names restore";
    found.outcome = Outcome::Refused;
  } else if (status != 0 ||
             std::sscanf(said.c_str(), "%d %zu %zu %n", &outcome, &found.lost, &found.altered, &used) != 3) {
    end = WIFSIGNALED(status) ? "died of signal " + std::to_string(WTERMSIG(status))
                              : "ended with code " + std::to_string(WEXITSTATUS(status));
    found.outcome = Outcome::Bad;
  } else {
    found.outcome = static_cast<Outcome>(outcome);
    found.text = said.substr(static_cast<std::size_t>(used));
    constexpr const char* kEnds[] = {"whole", "put right", "reported", "refused", "bad"};
    end = kEnds[outcome];
  }
  return found;
}

void write_file(const std::string& path, const std::string& octets) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << octets;
}

void one(const std::string& directory, const Store& store, const Options& options, std::size_t number, Sums& sums) {
  std::mt19937_64 random(options.seed * 1'000'003 + number);
  constexpr std::uint8_t kShares[] = {kMail, kMail, kMail, kQueue, kQueue, kAccounts};
  const std::uint8_t environment = kShares[random() % 6];
  const auto damage = static_cast<Damage>(random() % kDamages);
  std::string octets = store[environment].octets;
  const std::string where = apply(damage, octets, random);
  const std::string place = directory + "/damaged";
  std::filesystem::remove_all(place);
  write_file(place + "/data.mdb", octets);
  std::string end;
  const Judgement found = look(place, environment, store[environment].contents, end);
  ++sums.outcomes[end];
  sums.lost += found.lost;
  sums.altered += found.altered;
  if (number == options.only) {
    write_file(directory + "/image.mdb", octets);
    std::fprintf(stderr, "kept as %s/image.mdb: %s\n%s\n", directory.c_str(), end.c_str(), found.text.c_str());
  }
  if (found.outcome != Outcome::Bad) return;
  ++sums.bad;
  std::fprintf(stderr, "BAD corruption %zu of %s: %s, %s: %s\n%.1500s\n", number,
               kEnvironmentNames[environment].c_str(), name_of(damage), where.c_str(), end.c_str(), found.text.c_str());
}

// The harness must notice one body with other octets and one mailbox that is not there.
bool control(const std::string& directory, const Store& store, bool missing) {
  const std::string place = directory + "/control";
  std::filesystem::remove_all(place);
  write_file(place + "/data.mdb", store[kMail].octets);
  Contents expected = store[kMail].contents;
  if (missing) expected.objects["mailbox 999999"] = "name of a mailbox that was acknowledged and is gone";
  else expected.bodies.begin()->second[0] ^= 1;
  std::string end;
  return look(place, kMail, expected, end).outcome == Outcome::Bad;
}

const char* outcome(bool failed) { return failed ? "failed as it must" : "PASSED: the harness is blind"; }

int corrupt(const Options& options, const std::string& directory) {
  Store store;
  if (!make_store(directory, options.seed, store)) return 2;
  std::size_t known = 0;
  for (const Known& one_of : store) known += one_of.contents.objects.size() + one_of.contents.bodies.size();
  Sums sums;
  const bool single = options.only != ~std::size_t{0};
  const std::size_t first = single ? options.only : 0, end = single ? options.only + 1 : options.corruptions;
  for (std::size_t i = first; i < end; ++i) {
    one(directory, store, options, i, sums);
    if ((i + 1) % kProgressEvery == 0) std::fprintf(stderr, "  %zu corruptions, %zu bad\n", i + 1, sums.bad);
  }
  for (const auto& [text, count] : sums.outcomes) std::fprintf(stderr, "  %6zu %s\n", count, text.c_str());
  const bool altered = control(directory, store, false), lost = control(directory, store, true);
  const bool ok = sums.bad == 0 && altered && lost;
  std::printf(
      "{\"part\":\"corrupt\",\"acked\":%zu,\"lost\":%zu,\"doubled\":0,\"altered\":%zu,\"images\":%zu,\"bad\":%zu,"
      "\"controls\":{\"other octets\":\"%s\",\"a mailbox gone\":\"%s\"},\"ok\":%s}\n",
      known, sums.lost, sums.altered, end - first, sums.bad, outcome(altered), outcome(lost), ok ? "true" : "false");
  return ok ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  log::setup("crash_corrupt", log::Level::Warning, log::Format::Human);
  const bool memory = std::filesystem::is_directory("/dev/shm");
  std::string directory = std::string(memory ? "/dev/shm" : "/tmp") + "/hearthmail-corrupt-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror(directory.c_str());
    return 2;
  }
  const int code = corrupt(options, directory);
  if (options.only == ~std::size_t{0}) std::filesystem::remove_all(directory);
  return code;
}
