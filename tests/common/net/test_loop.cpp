#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <vector>

#include "common/net/poll.hpp"
#include "common/net/signals.hpp"
#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using namespace std::chrono_literals;
using net::Loop;

TEST_CASE("posted work runs in order, from any thread, on the loop's executor") {
  Loop loop;
  std::vector<int> seen;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.post([&] {
      CHECK(base::Executor::current() == &loop);
      loop.stop();
    });
  });
  loop.run();
  other.join();
  REQUIRE(seen.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
  CHECK(base::Executor::current() == nullptr);
  loop.post([] { FAIL("work posted after the end is dropped"); });
}

TEST_CASE("a timer fires once, starts again, and stops") {
  Loop loop;
  int fired = 0;
  int never = 0;
  net::Timer stopped(loop, [&] { ++never; });
  stopped.start(1ms);
  stopped.stop();
  std::unique_ptr<net::Timer> timer;
  timer = std::make_unique<net::Timer>(loop, [&] {
    if (++fired == 2) {
      timer.reset();  // may go in its own callback
      loop.stop();
      return;
    }
    timer->start(1ms);
  });
  timer->start(1ms);
  loop.run();
  CHECK(fired == 2);
  CHECK(never == 0);
  stopped.start(1ms);  // harmless after the end
}

namespace {
base::Task<void> sleep_twice(Loop& loop, int& wakes) {
  co_await loop.sleep(5ms);
  ++wakes;
  co_await loop.sleep(0ms);
  ++wakes;
}

base::Task<void> sleep_long(Loop& loop, bool& woken) {
  co_await loop.sleep(1h);
  woken = true;
  co_await loop.sleep(1h);
}

base::Task<void> wait_signal(net::Signal& signal, std::chrono::milliseconds limit, std::vector<bool>& results,
                             int times) {
  for (int i = 0; i < times; ++i) {
    const bool raised = co_await signal.wait(limit);
    results.push_back(raised);
  }
}
}  // namespace

TEST_CASE("sleep waits on the loop; the loop's end wakes it") {
  Loop loop;
  int wakes = 0;
  bool woken = false;
  base::spawn(sleep_long(loop, woken));
  const auto before = std::chrono::steady_clock::now();
  run(loop, sleep_twice(loop, wakes));
  CHECK(std::chrono::steady_clock::now() - before >= 4ms);
  CHECK(wakes == 2);
  CHECK(woken);
}

TEST_CASE("a signal raised before the wait is kept, a wait has a limit, and the loop's end wakes") {
  Loop loop;
  net::Signal signal(loop);
  net::Signal other(loop);
  std::vector<bool> results;
  std::vector<bool> other_results;
  signal.raise();
  base::spawn(wait_signal(other, 0ms, other_results, 1));
  SECTION("kept, then the limit passes") {
    run(loop, wait_signal(signal, 5ms, results, 2));
    CHECK(results == std::vector<bool>{true, false});
  }
  SECTION("raised while it waits") {
    net::Timer later(loop, [&] { signal.raise(); });
    later.start(2ms);
    run(loop, wait_signal(signal, 0ms, results, 2));
    CHECK(results == std::vector<bool>{true, true});
  }
  CHECK(other_results == std::vector<bool>{false});
}

TEST_CASE("a descriptor's watch tells of reading and of writing") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  Loop loop;
  std::string seen;
  std::unique_ptr<net::FdWatch> watch;
  watch = std::make_unique<net::FdWatch>(loop, ends[0], [&](bool readable, bool writable) {
    if (writable) {
      seen += "w";
      watch->watch(true, false);
      REQUIRE(::write(ends[1], "x", 1) == 1);
    }
    if (readable) {
      seen += "r";
      watch.reset();
      loop.stop();
    }
  });
  REQUIRE(watch->ok());
  watch->watch(false, true);
  loop.run();
  CHECK(seen == "wr");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("signals arrive as calls on the loop") {
  Loop loop;
  std::vector<int> caught;
  net::Signals signals(loop, [&](int number) {
    caught.push_back(number);
    if (number == SIGHUP) ::kill(::getpid(), SIGTERM);
    if (number == SIGTERM) loop.stop();
  });
  loop.post([] { ::kill(::getpid(), SIGHUP); });
  loop.run();
  CHECK(caught == std::vector<int>{SIGHUP, SIGTERM});
}
