// What the runner's tests stand on: real queue and accounts databases in a temporary directory, a clock that stands still,
// and carriers that answer as told.
#pragma once

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "relay/runner.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

namespace hearthmail::test {

inline relay::Outcome answer(relay::Verdict verdict, std::string reply = "250 2.0.0 ok", std::string status = "2.0.0") {
  relay::Outcome out;
  out.verdict = verdict;
  out.reply = std::move(reply);
  out.status = std::move(status);
  return out;
}

// What a fake carrier was given and what it answers: the same outcome for all, unless one is set for an address.
struct FakeWay {
  relay::Outcome all = answer(relay::Verdict::Accepted);
  std::map<std::string, relay::Outcome> by_address;
  std::vector<std::vector<std::string>> sent;  // recipients of each parcel
  std::vector<relay::Parcel> parcels;
  std::vector<std::string> bodies;
  std::function<void()> before_dot;  // called between the commit and the answer
  bool commit_failed = false;
};

class FakeCarrier : public relay::Carrier {
 public:
  explicit FakeCarrier(FakeWay& way) : way_(way) {}

  base::Task<std::vector<relay::Outcome>> send(const relay::Parcel& parcel, relay::BeforeLast before) override {
    std::vector<std::string> to;
    for (const auto& recipient : parcel.envelope.recipients) to.push_back(recipient.address);
    way_.sent.push_back(to);
    way_.parcels.push_back(parcel);
    way_.bodies.push_back(read(parcel));
    std::vector<relay::Outcome> outcomes;
    std::vector<std::size_t> accepted;
    for (std::size_t i = 0; i < to.size(); ++i) {
      const auto own = way_.by_address.find(to[i]);
      outcomes.push_back(own == way_.by_address.end() ? way_.all : own->second);
      const auto verdict = outcomes.back().verdict;
      if (verdict == relay::Verdict::Accepted || verdict == relay::Verdict::InDoubt) accepted.push_back(i);
    }
    if (!accepted.empty()) {
      auto committed = co_await before(std::move(accepted));
      way_.commit_failed = !committed.ok();
      if (way_.before_dot) way_.before_dot();
    }
    co_return outcomes;
  }
  base::Task<void> quit() override { co_return; }
  void close() override {}

 private:
  static std::string read(const relay::Parcel& parcel) {
    const auto body = parcel.open_body();
    std::string all;
    while (true) {
      auto piece = body->next();
      if (!piece.ok() || piece->empty()) return all;
      all += *piece;
    }
  }
  FakeWay& way_;
};

struct RelayFixture {
  RelayFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "relay-XXXXXX").string();
    directory = mkdtemp(pattern.data());
    auto q = store::queue::Store::open(directory + "/queue");
    REQUIRE(q.ok());
    queue = std::move(*q);
    auto a = store::accounts::Store::open(directory + "/accounts");
    REQUIRE(a.ok());
    accounts = std::move(*a);
    const auto domain = accounts->env().write(
        [](store::lmdb::WriteTxn& txn) { return store::accounts::add_domain(txn, "example.test"); });
    REQUIRE(domain.ok());
    restart();
  }
  ~RelayFixture() {
    runner.reset();
    queue.reset();
    accounts.reset();
    std::filesystem::remove_all(directory);
  }

  // A new relay on the same queue, as after a crash.
  void restart() {
    std::vector<relay::RunnerRoute> routes;
    for (const std::string& name : route_names) {
      relay::RunnerRoute route;
      route.name = name;
      route.carrier = std::make_unique<FakeCarrier>(ways[name]);
      route.max_recipients = max_recipients;
      routes.push_back(std::move(route));
    }
    relay::RunnerOptions options;
    options.hostname = "mail.example.test";
    runner = std::make_unique<relay::Runner>(*queue, *accounts, clock, options, std::make_unique<FakeCarrier>(local),
                                             std::move(routes), [] { return 0.5; });
    REQUIRE(run_task(runner->start()).ok());
  }

  base::QueueId put(std::vector<std::string> to, const std::function<void(store::queue::Envelope&)>& edit = {},
                    std::uint8_t notify = 0) {
    store::queue::Envelope envelope;
    envelope.reverse_path = "anna@example.test";
    envelope.arrived = clock.now();
    if (edit) edit(envelope);
    std::vector<store::queue::Recipient> recipients;
    for (std::string& address : to) {
      store::queue::Recipient one;
      one.address = std::move(address);
      one.notify = notify;
      recipients.push_back(std::move(one));
    }
    const auto body = store::queue::prepare_body(message);
    const auto id = queue->env().write(
        [&](store::lmdb::WriteTxn& txn) { return store::queue::enqueue(txn, envelope, recipients, body); });
    REQUIRE(id.ok());
    return *id;
  }

  // Works off what is due now, until nothing is.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      if (run_task(runner->run_due()) == 0) return;
    }
    FAIL("the queue does not come to rest");
  }
  void later(base::Seconds by) {
    clock.advance(by);
    settle();
  }

  std::optional<store::queue::Entry> entry(base::QueueId id) {
    auto found = queue->env().read([id](const store::lmdb::ReadTxn& txn) { return store::queue::find(txn, id); });
    REQUIRE(found.ok());
    return *found;
  }
  store::queue::Recipient recipient(base::QueueId id, std::size_t index = 0) {
    const auto found = entry(id);
    REQUIRE(found);
    return found->recipients[index];
  }
  std::vector<store::queue::RoutePause> pauses() {
    auto all = queue->env().read([](const store::lmdb::ReadTxn& txn) { return store::queue::list_pauses(txn); });
    REQUIRE(all.ok());
    return *all;
  }

  const std::string message = "From: anna@example.test\r\nSubject: hello\r\n\r\nbody\r\n";
  std::string directory;
  base::ManualClock clock{1'800'000'000};
  std::vector<std::string> route_names{"main", "backup"};
  std::uint32_t max_recipients = 50;
  std::map<std::string, FakeWay> ways;
  FakeWay local;
  std::unique_ptr<store::queue::Store> queue;
  std::unique_ptr<store::accounts::Store> accounts;
  std::unique_ptr<relay::Runner> runner;
};

}  // namespace hearthmail::test
