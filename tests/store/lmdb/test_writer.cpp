#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "tests/store/lmdb/fixture.hpp"
#include "tests/support/run_task.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::chrono::milliseconds kGroupTime{50};  // the writer's

// Holds the writer thread inside a job, so that jobs gather behind it.
class Gate {
 public:
  explicit Gate(Env& env) {
    holder_ = std::thread([this, &env] {
      const Status held = env.write(
          [this](WriteTxn&) {
            std::unique_lock lock(mutex_);
            entered_ = true;
            changed_.notify_all();
            changed_.wait(lock, [this] { return open_; });
            return base::ok();
          },
          Isolation::Own);
      held_ = held.ok();
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return entered_; });
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
    holder_.join();
    CHECK(held_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool entered_ = false, open_ = false, held_ = false;
  std::thread holder_;
};

// Starts writes without waiting for them; run() then waits for all.
class Burst {
 public:
  explicit Burst(Env& env) : env_(env) {}
  void add(std::function<Status(WriteTxn&)> job, Isolation isolation = Isolation::Child) {
    results_.emplace_back();
    base::spawn(one(env_, std::move(job), isolation, results_.size() - 1));
  }
  std::vector<Errc> codes() {
    all_ = finished_ == results_.size();
    executor_.run_until(all_);
    return results_;
  }

 private:
  base::Task<void> one(Env& env, std::function<Status(WriteTxn&)> job, Isolation isolation, std::size_t index) {
    auto result = co_await env.write_async(std::move(job), isolation);
    results_[index] = result.ok() ? kKept : result.error().code;
    all_ = ++finished_ == results_.size();
  }

 public:
  static constexpr Errc kKept = Errc::Closed;  // never an error of a write: stands for success

 private:
  Env& env_;
  test::TestExecutor executor_;
  std::vector<Errc> results_;
  std::size_t finished_ = 0;
  bool all_ = false;
};

std::function<Status(WriteTxn&)> putting(std::string key, std::string value) {
  return [key, value](WriteTxn& txn) { return txn.put(kFirst, key, value); };
}

}  // namespace

TEST_CASE("jobs that wait together share one commit, and a failing one rolls back alone") {
  Directory dir;
  auto env = open(dir.path());
  REQUIRE(put(*env, kFirst, "kept", "old").ok());
  const auto before = env->stats();
  Gate gate(*env);
  Burst burst(*env);
  const int failing = GENERATE(0, 3, 9);  // the first of a group is handled apart
  for (int i = 0; i < 10; ++i) {
    burst.add([i, failing](WriteTxn& txn) -> Status {
      TRY(txn.put(kFirst, "job" + std::to_string(i), "done"));
      if (i != failing) return base::ok();
      TRY(txn.put(kFirst, "kept", "new"));
      return Error{Errc::OverLimit, "no"};
    });
  }
  const auto began = std::chrono::steady_clock::now();
  gate.open();
  const auto codes = burst.codes();
  const bool in_time = std::chrono::steady_clock::now() - began < kGroupTime;
  for (int i = 0; i < 10; ++i) {
    const auto name = "job" + std::to_string(i);
    CHECK(codes[static_cast<std::size_t>(i)] == (i == failing ? Errc::OverLimit : Burst::kKept));
    CHECK(value_of(*env, kFirst, name) == (i == failing ? "(not-found)" : "done"));
  }
  CHECK(value_of(*env, kFirst, "kept") == "old");
  const auto commits = env->stats().commits - before.commits;
  CHECK(commits >= 2);               // the gate's own, and one for the nine
  if (in_time) CHECK(commits == 2);  // a machine that pauses for longer splits the group
  CHECK(env->stats().jobs - before.jobs == 10);
}

TEST_CASE("a job with Isolation::Own is committed alone") {
  Directory dir;
  auto env = open(dir.path());
  const auto before = env->stats();
  Gate gate(*env);
  Burst burst(*env);
  burst.add(putting("a", "1"));
  burst.add(putting("b", "2"));
  burst.add(putting("c", "3"), Isolation::Own);
  burst.add(putting("d", "4"));
  gate.open();
  CHECK(burst.codes() == std::vector<Errc>(4, Burst::kKept));
  CHECK(env->stats().commits - before.commits == 4);  // gate; a, b; c; d
}

TEST_CASE("a group is bounded in jobs and octets") {
  Directory dir;
  auto env = open(dir.path());
  const auto before = env->stats();
  Gate gate(*env);
  Burst burst(*env);
  SECTION("256 jobs") {
    for (int i = 0; i < 300; ++i) burst.add([](WriteTxn& txn) { return txn.put(kFirst, "k", "v"); });
  }
  SECTION("8 MiB") {
    for (int i = 0; i < 3; ++i) burst.add(putting("k" + std::to_string(i), std::string(5U << 20U, 'x')));
  }
  gate.open();
  for (const Errc code : burst.codes()) CHECK(code == Burst::kKept);
  CHECK(env->stats().commits - before.commits >= 3);
}

TEST_CASE("topics of kept jobs are reported once per commit, those of rolled back jobs never") {
  Directory dir;
  auto env = open(dir.path());
  std::mutex mutex;
  std::vector<std::vector<std::uint64_t>> reported;
  env->on_committed([&](std::span<const std::uint64_t> topics) {
    const std::lock_guard lock(mutex);
    reported.emplace_back(topics.begin(), topics.end());
  });
  Gate gate(*env);
  Burst burst(*env);
  const auto telling = [](std::uint64_t topic, bool fails) {
    return [topic, fails](WriteTxn& txn) -> Status {
      txn.notify(topic);
      if (fails) return Error{Errc::Invalid, "no"};
      return base::ok();
    };
  };
  burst.add(telling(7, false));
  burst.add(telling(5, false));
  burst.add(telling(6, true));
  burst.add(telling(7, false));
  gate.open();
  burst.codes();
  const std::lock_guard lock(mutex);
  REQUIRE(reported.size() == 1);
  CHECK(reported[0] == std::vector<std::uint64_t>{5, 7});
}

TEST_CASE("a job that meets a full map fails alone, even when it swallows the error") {
  Directory dir;
  EnvOptions small = options();
  small.map_octets = 1U << 20U;
  auto env = open(dir.path(), small);
  Gate gate(*env);
  Burst burst(*env);
  burst.add(putting("a", "1"));
  burst.add(putting("big", std::string(2U << 20U, 'x')));
  burst.add([](WriteTxn& txn) {
    const Status ignored = txn.put(kFirst, "big", std::string(2U << 20U, 'x'));
    return ignored.ok() ? Status(Error{Errc::Internal, "fits?"}) : base::ok();
  });
  burst.add(putting("b", "2"));
  gate.open();
  CHECK(burst.codes() == std::vector<Errc>{Burst::kKept, Errc::Unavailable, Errc::Unavailable, Burst::kKept});
  CHECK(value_of(*env, kFirst, "b") == "2");
  CHECK(value_of(*env, kFirst, "big") == "(not-found)");
  const Status alone = put(*env, kFirst, "big", std::string(2U << 20U, 'x'));
  REQUIRE_FALSE(alone.ok());
  CHECK(alone.error().code == Errc::Unavailable);
  CHECK(alone.error().text.find("disk full or failing") != std::string::npos);
  CHECK(put(*env, kFirst, "c", "3").ok());  // not fatal
}

TEST_CASE("a failed commit is fatal: that group and every later write is refused, reads go on") {
  Directory dir;
  auto env = open(dir.path());
  REQUIRE(put(*env, kFirst, "key", "value").ok());
  int failures = 0;
  std::string text;
  env->on_failed([&](const Error& error) {
    ++failures;
    text = error.text;
  });
  // A disk that takes nothing more: the process may not let files grow.
  struct rlimit old {};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit none = old;
  none.rlim_cur = 64 * 1024;
  ::setrlimit(RLIMIT_FSIZE, &none);
  const Status grown = put(*env, kFirst, "big", std::string(1U << 20U, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  REQUIRE_FALSE(grown.ok());
  CHECK(grown.error().code == Errc::Unavailable);
  const Status later = put(*env, kFirst, "key", "new");
  REQUIRE_FALSE(later.ok());
  CHECK(later.error().code == Errc::Unavailable);
  CHECK(failures == 1);
  CHECK(text.find("commit") != std::string::npos);
  CHECK(value_of(*env, kFirst, "key") == "value");
  env.reset();
  env = open(dir.path());
  CHECK(value_of(*env, kFirst, "key") == "value");
  CHECK(put(*env, kFirst, "key", "new").ok());
}

TEST_CASE("a job for which there is no memory fails alone") {
  Directory dir;
  auto env = open(dir.path());
  Gate gate(*env);
  Burst burst(*env);
  const std::size_t failing = GENERATE(0U, 1U);  // the first of a group is handled apart
  for (std::size_t i = 0; i < 2; ++i) {
    burst.add([i, failing](WriteTxn& txn) -> Status {
      TRY(txn.put(kFirst, "job" + std::to_string(i), "done"));
      if (i == failing) throw std::bad_alloc();
      return base::ok();
    });
  }
  gate.open();
  const auto codes = burst.codes();
  CHECK(codes[failing] == Errc::Unavailable);
  CHECK(codes[1 - failing] == Burst::kKept);
  CHECK(value_of(*env, kFirst, "job" + std::to_string(failing)) == "(not-found)");
  CHECK(value_of(*env, kFirst, "job" + std::to_string(1 - failing)) == "done");
}

TEST_CASE("threads that write at once all get their answer") {
  Directory dir;
  auto env = open(dir.path());
  std::vector<std::thread> threads;
  std::atomic<int> kept{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto name = std::to_string(t) + "." + std::to_string(i);
        if (put(*env, kFirst, name, name).ok() && value_of(*env, kFirst, name) == name) ++kept;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(kept == 400);
  CHECK(env->stats().jobs >= 400);
  CHECK(env->stats().commits < 400);
}

TEST_CASE("closing finishes the jobs that wait") {
  Directory dir;
  auto env = open(dir.path());
  Burst burst(*env);
  for (int i = 0; i < 20; ++i) burst.add(putting("k" + std::to_string(i), "v"));
  env.reset();
  CHECK(burst.codes() == std::vector<Errc>(20, Burst::kKept));
  env = open(dir.path());
  CHECK(value_of(*env, kFirst, "k19") == "v");
}

}  // namespace hearthmail::store::lmdb
