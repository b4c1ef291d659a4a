// The runner on a real loop: woken by the bell, side by side, and its orderly end.
#include "tests/relay/fixture.hpp"

using namespace hearthmail;
using namespace std::chrono_literals;
using relay::Verdict;
using store::queue::State;
using test::answer;
using test::RelayFixture;

namespace {

// Holds every send until close().
class StuckCarrier : public relay::Carrier {
 public:
  StuckCarrier(net::Loop& loop, std::size_t& inside) : closed_(loop), inside_(inside) {}
  base::Task<std::vector<relay::Outcome>> send(const relay::Parcel& parcel, relay::BeforeLast) override {
    ++inside_;
    auto raised = co_await closed_.wait(0ms);
    (void)raised;
    co_return std::vector<relay::Outcome>(parcel.envelope.recipients.size(),
                                          answer(Verdict::RouteAway, "mail: closed", "4.4.2"));
  }
  base::Task<void> quit() override { co_return; }
  void close() override { closed_.raise(); }

 private:
  net::Signal closed_;
  std::size_t& inside_;
};

base::Task<void> serve(relay::Runner& runner, net::Loop& loop, net::Signal& wake) {
  co_await runner.serve(loop, wake);
  loop.stop();
}

}  // namespace

TEST_CASE_METHOD(RelayFixture, "mail that arrives while the relay sleeps is sent when the bell rings") {
  net::Loop loop;
  net::Signal wake(loop);
  std::optional<base::QueueId> id;
  ways["main"].before_dot = [&] { runner->stop(); };
  net::Timer later(loop, [&] {
    id = put({"b@x.example"});
    wake.raise();
  });
  loop.post([&] {
    later.start(20ms);
    base::spawn(serve(*runner, loop, wake));
  });
  loop.run();
  CHECK(ways["main"].sent.size() == 1);
  REQUIRE(id);
  CHECK_FALSE(entry(*id));  // the send under way was finished before the end
}

TEST_CASE_METHOD(RelayFixture, "at the end sends get 20 seconds, then the mail is given back and no route is blamed") {
  const auto id = put({"b@x.example"});
  net::Loop loop;
  net::Signal wake(loop);
  std::size_t inside = 0;
  std::vector<relay::RunnerRoute> routes;
  relay::RunnerRoute route;
  route.name = "main";
  route.carrier = std::make_unique<StuckCarrier>(loop, inside);
  routes.push_back(std::move(route));
  runner = std::make_unique<relay::Runner>(*queue, *accounts, clock, relay::RunnerOptions{},
                                           std::make_unique<test::FakeCarrier>(local), std::move(routes),
                                           [] { return 0.5; });
  bool early_end = false;
  bool told = false;
  std::function<void()> look;
  net::Timer ticking(loop, [&look] { look(); });
  look = [&] {
    if (inside == 1 && !told) {
      told = true;
      runner->stop();
    } else if (told) {
      early_end = recipient(id).state != State::InFlight;
      clock.advance(relay::kStopGrace);
    }
    ticking.start(120ms);
  };
  loop.post([&] {
    ticking.start(5ms);
    base::spawn(serve(*runner, loop, wake));
  });
  loop.run();
  CHECK_FALSE(early_end);
  const auto back = recipient(id);
  CHECK(back.state == State::Waiting);
  CHECK(back.next_attempt <= clock.now());
  CHECK(back.attempts == 0);
  CHECK(pauses().empty());
  runner.reset();  // its signal belongs to the loop
}

TEST_CASE_METHOD(RelayFixture, "no route has more sends at once than it has connections") {
  std::vector<base::QueueId> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(put({"b@x.example"}));
  net::Loop loop;
  net::Signal wake(loop);
  std::size_t inside = 0;
  std::vector<relay::RunnerRoute> routes;
  relay::RunnerRoute route;
  route.name = "main";
  route.connections = 1;
  route.carrier = std::make_unique<StuckCarrier>(loop, inside);
  routes.push_back(std::move(route));
  runner = std::make_unique<relay::Runner>(*queue, *accounts, clock, relay::RunnerOptions{},
                                           std::make_unique<test::FakeCarrier>(local), std::move(routes),
                                           [] { return 0.5; });
  std::size_t seen = 0;
  std::function<void()> look;
  net::Timer enough(loop, [&look] { look(); });
  look = [&] {
    if (seen == 0) seen = inside;
    else clock.advance(relay::kStopGrace);
    runner->stop();
    enough.start(120ms);
  };
  loop.post([&] {
    enough.start(300ms);
    base::spawn(serve(*runner, loop, wake));
  });
  loop.run();
  CHECK(seen == 1);
  for (const auto id : ids) CHECK(recipient(id).state == State::Waiting);
  runner.reset();
}
