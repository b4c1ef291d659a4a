#include "common/net/workers.hpp"

#include "common/net/share.hpp"

#include <atomic>
#include <future>
#include <thread>

#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using net::Workers;

namespace {
using Answer = base::Result<int>;

base::Task<void> ask(Workers& workers, const std::function<Answer()>& work, Answer& answer,
                     std::thread::id& resumed_on) {
  answer = co_await workers.run(work);
  resumed_on = std::this_thread::get_id();
}
}  // namespace

TEST_CASE("a job runs on the pool and its caller goes on at home") {
  net::Loop loop;
  Workers workers(2, 10);
  Answer answer{0};
  std::thread::id worked_on;
  std::thread::id resumed_on;
  const std::function<Answer()> work = [&] {
    worked_on = std::this_thread::get_id();
    return Answer{42};
  };
  run(loop, ask(workers, work, answer, resumed_on));
  CHECK(answer.value() == 42);
  CHECK(worked_on != std::this_thread::get_id());
  CHECK(resumed_on == std::this_thread::get_id());
}

TEST_CASE("a full pool refuses instead of growing") {
  net::Loop loop;
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> ran{0};
  Answer answer{0};
  std::thread::id resumed_on;
  {
    Workers workers(1, 2);
    std::promise<void> started;
    REQUIRE(workers.submit([&] {
      started.set_value();
      open.wait();
      ++ran;
    }));
    started.get_future().wait();
    CHECK(workers.submit([&] { ++ran; }));
    CHECK(workers.submit([&] { ++ran; }));
    CHECK_FALSE(workers.submit([&] { ++ran; }));
    const std::function<Answer()> work = [] { return Answer{1}; };
    run(loop, ask(workers, work, answer, resumed_on));
    gate.set_value();
  }
  CHECK(answer.error().code == base::Errc::Unavailable);
  CHECK(ran == 3);  // what waited was finished before the pool went
}

TEST_CASE("work for which there is no memory is refused, and the pool goes on") {
  net::Loop loop;
  Workers workers(1, 2);
  Answer answer{0};
  std::thread::id resumed_on;
  const std::function<Answer()> too_large = []() -> Answer { throw std::bad_alloc(); };
  run(loop, ask(workers, too_large, answer, resumed_on));
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().code == base::Errc::Unavailable);
  const std::function<Answer()> work = [] { return Answer{1}; };
  net::Loop another;  // a loop runs once
  run(another, ask(workers, work, answer, resumed_on));
  CHECK(answer.ok());
}

TEST_CASE("shared work is done once each, with helpers and without") {
  const std::size_t pieces = GENERATE(0u, 1u, 2u, 1000u);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::vector<std::atomic<int>> done(pieces);
  const std::function<void(std::size_t)> piece = [&](std::size_t i) { ++done[i]; };
  {
    Workers workers(2, 10);
    net::share(workers, 3, pieces, piece);
    for (const auto& times : done) CHECK(times == 1);
    for (int i = 0; i < 2; ++i) REQUIRE(workers.submit([open] { open.wait(); }));
    net::share(workers, 3, pieces, piece);  // nobody has time
    for (const auto& times : done) CHECK(times == 2);
    gate.set_value();
  }
  for (const auto& times : done) CHECK(times == 2);  // those who came too late left it alone
}

TEST_CASE("shared work has ended when the call returns") {
  Workers workers(3, 10);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> squares(50);
    net::share(workers, 3, squares.size(), [&](std::size_t i) { squares[i] = static_cast<int>(i * i); });
    for (std::size_t i = 0; i < squares.size(); ++i) REQUIRE(squares[i] == static_cast<int>(i * i));
  }
}

TEST_CASE("shared work that is given up ends what was begun and leaves out the rest") {
  Workers workers(2, 10);
  std::promise<void> gate, begun;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> pieces{0};
  {
    net::SharedWork work(workers, 1, 1000, [&](std::size_t) {
      if (pieces++ > 0) return;
      begun.set_value();
      open.wait();
    });
    begun.get_future().wait();
    CHECK_FALSE(work.done());
    work.give_up();
    CHECK_FALSE(work.wait_for(std::chrono::microseconds(1)));
    CHECK_FALSE(work.done());
    gate.set_value();
  }
  CHECK(pieces == 1);
}
