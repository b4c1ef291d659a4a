#include "tests/crash/trace/workload.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "tests/crash/trace/mail_actor.hpp"
#include "tests/crash/trace/queue_actor.hpp"

namespace hearthmail::crash {

using base::Errc;
using base::Error;
using base::Status;
namespace mail = store::mail;

namespace {

constexpr std::size_t kMailActors = 5, kQueueActors = 3;
constexpr std::chrono::microseconds kBarrier{400};  // about what a solid state disk takes; lets jobs gather

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Status first_mailboxes(mail::Store& store, History& history) {
  const auto made = store.env().write([&](WriteTxn& txn) -> base::Result<Objects> {
    for (std::uint64_t i = 1; i <= kMailAccounts; ++i) TRY(mail::ensure_account(txn, base::AccountId{i}));
    TRY_ASSIGN(auto all, mail_contents(txn));
    return std::move(all.objects);
  });
  if (!made.ok()) return made.error();
  history.add(Operation{}, *made);  // sequence 0: what was there before the record
  return base::ok();
}

// Threads that run actors; keeps the first error.
class Crew {
 public:
  template <class F>
  void start(F work) {
    threads_.emplace_back([this, work] {
      const Status done = work();
      const std::lock_guard lock(mutex_);
      if (!done.ok() && outcome_.ok()) outcome_ = done;
    });
  }
  Status join() {
    for (auto& thread : threads_) thread.join();
    return outcome_;
  }

 private:
  std::mutex mutex_;
  Status outcome_;
  std::vector<std::thread> threads_;
};

Status act(mail::Store& mail, store::queue::Store& queue, store::accounts::Store& accounts, std::uint64_t seed,
           const WorkloadSize& size, Record& record) {
  Crew crew;
  for (std::size_t i = 0; i < kMailActors; ++i) {
    crew.start([&, i] {
      return MailActor(record, kMail, mail.env(), seed * 100 + i, "m" + std::to_string(i)).run(size.mail_operations);
    });
  }
  for (std::size_t i = 0; i < kQueueActors; ++i) {
    crew.start([&, i] {
      return QueueActor(record, kQueue, queue.env(), seed * 100 + 20 + i, "q" + std::to_string(i))
          .run(size.queue_operations);
    });
  }
  crew.start([&] {
    return AccountsActor(record, kAccounts, accounts.env(), seed * 100 + 40, "a").run(size.account_operations);
  });
  return crew.join();
}

}  // namespace

Status run_workload(const std::string& directory, std::uint64_t seed, const WorkloadSize& size, Record& record) {
  std::filesystem::create_directories(directory);
  start_recording(directory, kEnvironmentNames, kBarrier);
  TRY_ASSIGN(const auto mail, mail::Store::open(directory + "/mail"));
  TRY_ASSIGN(const auto queue, store::queue::Store::open(directory + "/queue"));
  TRY_ASSIGN(const auto accounts, store::accounts::Store::open(directory + "/accounts"));
  TRY(first_mailboxes(*mail, record.histories[kMail]));
  // From here on: what came before is the files as they are now.
  stop_recording();
  start_recording(directory, kEnvironmentNames, kBarrier);
  for (std::size_t i = 0; i < kEnvironments; ++i) {
    record.before[i] = contents(directory + "/" + kEnvironmentNames[i] + "/data.mdb");
  }
  const Status acted = act(*mail, *queue, *accounts, seed, size, record);
  record.events = stop_recording();
  for (History& history : record.histories) history.finish();
  TRY(acted);
  if (!unexpected_calls().empty()) return Error{Errc::Internal, unexpected_calls()};
  return base::ok();
}

}  // namespace hearthmail::crash
