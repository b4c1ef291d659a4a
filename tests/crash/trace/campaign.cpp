#include "tests/crash/trace/campaign.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>

#include "tests/crash/trace/verify.hpp"

namespace hearthmail::crash {

namespace {

constexpr unsigned kImageSeconds = 60;  // one image takes milliseconds; longer than this it hangs
constexpr std::size_t kGoOnEvery = 16;  // every so many images the store takes new mail as well
constexpr std::size_t kProgressEvery = 500;

struct Tally {
  std::atomic<std::size_t> current{0}, images{0}, bad{0}, lost{0}, doubled{0}, altered{0};
};

struct Moment {
  std::uint8_t environment = 0;
  std::size_t at = 0;
};

// After every write, barrier and acknowledgement; environment after environment.
std::vector<Moment> moments(const Record& record) {
  std::vector<Moment> all;
  for (std::uint8_t environment = 0; environment < kEnvironments; ++environment) {
    for (std::size_t i = 0; i < record.events.size(); ++i) {
      const Event& event = record.events[i];
      if (event.environment == environment && event.kind != Event::Kind::Begin) all.push_back({environment, i + 1});
    }
  }
  return all;
}

class Worker {
 public:
  Worker(const Record& record, const CampaignOptions& options, Tally& tally, std::string directory)
      : record_(record),
        options_(options),
        tally_(tally),
        directory_(std::move(directory)),
        moments_(moments(record)) {}

  void run(std::size_t first, std::size_t end) {
    for (std::size_t image = first; image < end && tally_.bad < options_.enough_bad; ++image) {
      tally_.current = image;
      ::alarm(kImageSeconds);
      one(image);
      ++tally_.images;
      if (!options_.quiet && tally_.images % kProgressEvery == 0) {
        std::fprintf(stderr, "  %zu images of this worker, %zu bad\n", tally_.images.load(), tally_.bad.load());
      }
    }
  }

 private:
  void one(std::size_t image) {
    const std::size_t index = image * moments_.size() / options_.images;
    const bool first_here = image == 0 || (image - 1) * moments_.size() / options_.images != index;
    const Moment& moment = moments_[index];
    std::mt19937_64 random(options_.seed * 1'000'003 + image);
    Loss loss = static_cast<Loss>(random() % kLosses);
    if (first_here && options_.images >= moments_.size()) loss = Loss::None;  // every prefix, in a large dose
    auto& images = builder(moment.environment);
    images.advance(moment.at);
    const std::size_t at = images.build(loss, random);
    const bool go_on = random() % kGoOnEvery == 0;
    const std::string where = directory_ + "/" + kEnvironmentNames[moment.environment];
    if (image == options_.only) {
      std::printf("image %zu stands in %s: %s before event %zu, loss %d\n", image, where.c_str(),
                  kEnvironmentNames[moment.environment].c_str(), at, static_cast<int>(loss));
      std::filesystem::copy_file(where + "/data.mdb", directory_ + "/image.mdb",
                                 std::filesystem::copy_options::overwrite_existing);
    }
    const Verdict verdict =
        verify(where, moment.environment, record_.histories[moment.environment], at, options_.acks_at_begin, go_on);
    if (verdict.bad()) count(image, loss, verdict);
    images.revert(go_on || verdict.bad());
  }

  void count(std::size_t image, Loss loss, const Verdict& verdict) {
    ++tally_.bad;
    tally_.lost += verdict.lost;
    tally_.doubled += verdict.doubled;
    tally_.altered += verdict.altered;
    if (options_.quiet) return;
    std::fprintf(stderr, "BAD image %zu (loss %d): %.2000s\n", image, static_cast<int>(loss), verdict.text.c_str());
  }

  ImageBuilder& builder(std::uint8_t environment) {
    if (!builder_ || environment != environment_) {
      const std::string where = directory_ + "/" + kEnvironmentNames[environment];
      std::filesystem::create_directories(where);
      builder_ = std::make_unique<ImageBuilder>(record_, environment, where + "/data.mdb", options_.barriers);
      environment_ = environment;
    }
    return *builder_;
  }

  const Record& record_;
  const CampaignOptions& options_;
  Tally& tally_;
  std::string directory_;
  std::vector<Moment> moments_;
  std::uint8_t environment_ = 0;
  std::unique_ptr<ImageBuilder> builder_;
};

struct Share {
  std::size_t next = 0, end = 0;
  pid_t process = -1;
  std::string directory;
  Tally* tally = nullptr;
};

void start(Share& share, const Record& record, const CampaignOptions& options) {
  std::fflush(nullptr);
  share.process = ::fork();
  if (share.process != 0) return;
  if (options.quiet) {  // a control's images die in many ways, with many words
    const int nowhere = ::open("/dev/null", O_WRONLY);
    if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  }
  Worker(record, options, *share.tally, share.directory).run(share.next, share.end);
  std::fflush(nullptr);
  std::_Exit(0);
}

// Counts an image at which the worker died, and goes on after it.
void ended(Share& share, int status, const Record& record, const CampaignOptions& options) {
  share.process = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::size_t image = share.tally->current;
  ++share.tally->bad;
  ++share.tally->images;
  if (!options.quiet) {
    std::fprintf(stderr, "BAD image %zu: the process ended with %s %d\n", image,
                 WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
  share.next = image + 1;
  if (share.next < share.end && share.tally->bad < options.enough_bad) start(share, record, options);
}

}  // namespace

CampaignResult run_campaign(const Record& record, const CampaignOptions& options) {
  const std::size_t workers = options.only != ~std::size_t{0} ? 1 : options.workers;
  void* shared = ::mmap(nullptr, sizeof(Tally) * workers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) std::abort();
  auto* tallies = static_cast<Tally*>(shared);
  std::vector<Share> shares(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    shares[i].tally = new (tallies + i) Tally;
    shares[i].next = options.images * i / workers;
    shares[i].end = options.images * (i + 1) / workers;
    if (workers == 1 && options.only < options.images) {
      shares[i].next = options.only;
      shares[i].end = options.only + 1;
    }
    shares[i].directory = options.directory + "/worker" + std::to_string(i);
    start(shares[i], record, options);
  }
  int status = 0;
  for (pid_t child = ::wait(&status); child > 0; child = ::wait(&status)) {
    for (Share& share : shares) {
      if (share.process == child) ended(share, status, record, options);
    }
  }
  CampaignResult result;
  for (const Share& share : shares) {
    result.images += share.tally->images;
    result.bad += share.tally->bad;
    result.lost += share.tally->lost;
    result.doubled += share.tally->doubled;
    result.altered += share.tally->altered;
  }
  ::munmap(shared, sizeof(Tally) * workers);
  return result;
}

}  // namespace hearthmail::crash
