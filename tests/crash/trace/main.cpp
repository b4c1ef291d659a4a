// crash_replay: records a workload's writes, rebuilds what a crash may leave of them, opens and checks every image, and
// shows with two controls that it would have noticed. tests/crash/replay calls it; tests/crash/README.md explains it.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "common/log/log.hpp"
#include "tests/crash/trace/campaign.hpp"

using namespace hearthmail;
using namespace hearthmail::crash;

namespace {

constexpr std::size_t kControlImages = 200;  // at most; a control ends at its first bad image

struct Options {
  CampaignOptions campaign;
  std::string record;       // an earlier record instead of a new workload
  std::string keep_record;  // where to keep this one when an image is bad
};

[[noreturn]] void usage() {
  std::fprintf(stderr, "usage: crash_replay [--seed N] [--images N] [--workers N] [--record FILE] [--only-image K]\n");
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--seed") options.campaign.seed = std::stoull(value);
    else if (name == "--images") options.campaign.images = std::stoull(value);
    else if (name == "--workers") options.campaign.workers = std::stoull(value);
    else if (name == "--record") options.record = value;
    else if (name == "--only-image") options.campaign.only = std::stoull(value);
    else usage();
  }
  if (argc % 2 == 0 || options.campaign.images == 0 || options.campaign.workers == 0) usage();
  options.keep_record = "/tmp/hearthmail-replay-" + std::to_string(options.campaign.seed) + ".record";
  return options;
}

// The workload runs in a process of its own, whose threads and descriptors are gone when images are made.
base::Status record_workload(const Options& options, const std::string& directory, Record& record) {
  const std::string file = directory + "/record";
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    Record made;
    base::Status done = run_workload(directory + "/live", options.campaign.seed, {}, made);
    if (done.ok()) done = save_record(file, made);
    if (!done.ok()) std::fprintf(stderr, "the workload failed: %s\n", done.error().text.c_str());
    std::fflush(nullptr);
    std::_Exit(done.ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) return base::Error{base::Errc::Internal, "the workload did not end well"};
  return load_record(file, record);
}

// True when the harness noticed: at least one of the control's images is bad.
bool control(const Record& record, CampaignOptions options, Barriers barriers, bool acks_at_begin) {
  options.images = std::min(options.images, kControlImages);
  options.barriers = barriers;
  options.acks_at_begin = acks_at_begin;
  options.enough_bad = 1;
  options.quiet = true;
  options.only = ~std::size_t{0};
  return run_campaign(record, options).bad > 0;
}

const char* outcome(bool failed) { return failed ? "failed as it must" : "PASSED: the harness is blind"; }

int replay(const Options& options, const std::string& directory) {
  Record record;
  const base::Status made =
      options.record.empty() ? record_workload(options, directory, record) : load_record(options.record, record);
  if (!made.ok()) {
    std::fprintf(stderr, "%s\n", made.error().text.c_str());
    return 2;
  }
  std::size_t acked = 0;
  for (const History& history : record.histories) acked += history.operations();
  std::fprintf(stderr, "recorded %zu events, %zu acknowledged operations\n", record.events.size(), acked);
  CampaignOptions campaign = options.campaign;
  campaign.directory = directory;
  const CampaignResult result = run_campaign(record, campaign);
  if (campaign.only != ~std::size_t{0}) return result.bad == 0 ? 0 : 1;
  const bool nosync = control(record, campaign, Barriers::Rare, false);
  const bool early = control(record, campaign, Barriers::All, true);
  if (result.bad > 0 && options.record.empty()) {
    std::filesystem::copy_file(directory + "/record", options.keep_record,
                               std::filesystem::copy_options::overwrite_existing);
    std::fprintf(stderr, "see one again: crash_replay --record %s --seed %llu --images %zu --only-image K\n",
                 options.keep_record.c_str(), static_cast<unsigned long long>(campaign.seed), campaign.images);
  }
  const bool ok = result.bad == 0 && result.images == campaign.images && nosync && early;
  std::printf(
      "{\"part\":\"replay\",\"acked\":%zu,\"lost\":%zu,\"doubled\":%zu,\"altered\":%zu,\"images\":%zu,\"bad\":%zu,"
      "\"controls\":{\"nosync\":\"%s\",\"ack before commit\":\"%s\"},\"ok\":%s}\n",
      acked, result.lost, result.doubled, result.altered, result.images, result.bad, outcome(nosync), outcome(early),
      ok ? "true" : "false");
  return ok ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  log::setup("crash_replay", log::Level::Error, log::Format::Human);
  const bool memory = std::filesystem::is_directory("/dev/shm");
  std::string directory = std::string(memory ? "/dev/shm" : "/tmp") + "/hearthmail-replay-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror(directory.c_str());
    return 2;
  }
  const int code = replay(options, directory);
  if (options.campaign.only == ~std::size_t{0}) std::filesystem::remove_all(directory);
  return code;
}
