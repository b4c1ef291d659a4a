#include "common/base/task.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace hearthmail;

namespace {

base::Task<int> ready(int value) { co_return value; }

struct Hop {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    base::Executor::current()->post([caller] { caller.resume(); });
  }
  void await_resume() {}
};

base::Task<int> later(int value) {
  Hop hop;
  co_await hop;
  co_return value;
}

base::Task<long> sum(int count, bool hop) {
  long total = 0;
  for (int i = 0; i < count; ++i) {
    if (hop) {
      const int value = co_await later(i);
      total += value;
    } else {
      const int value = co_await ready(i);
      total += value;
    }
  }
  co_return total;
}

}  // namespace

TEST_CASE("a loop over a million ready children does not grow the stack") {
  CHECK(test::run_task(sum(1'000'000, false)) == 499'999'500'000L);
}

TEST_CASE("children that suspend resume their caller") { CHECK(test::run_task(sum(1000, true)) == 499'500L); }
