// The queue against a recount, under random steps; and claimers that race.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "tests/store/queue/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::test;

namespace {

struct Walk : QueueFixture {
  std::mt19937 random{20261123};

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); }

  std::optional<QueueId> any_entry() {
    auto entries = read([](const ReadTxn& txn) { return queue::list(txn, 1'000); });
    REQUIRE(entries.ok());
    if (entries->empty()) return std::nullopt;
    return (*entries)[below(static_cast<std::uint32_t>(entries->size()))].id;
  }

  State any_result() {
    const State results[] = {State::Waiting, State::InDoubt, State::Delivered, State::Failed};
    return results[below(4)];
  }

  // Illegal steps are part of the walk: they must change nothing.
  void step() {
    now += below(40);
    const auto id = any_entry();
    if (!id || below(5) == 0) {
      auto recipients = to({"a@x.test", "b@x.test", "c@x.test"}, below(3) == 0 ? queue::kNotifySuccess : 0);
      recipients.resize(1 + below(3));
      recipients[0].next_attempt = now + below(60);
      put(recipients, below(4) == 0 ? "" : "anna@example.test");
      return;
    }
    const std::size_t index = below(3);
    switch (below(9)) {
      case 0: claim(1 + below(3), 1 + below(100)); break;
      case 1:
      case 2:
      case 3: (void)finish(*id, {outcome(index, any_result(), now + below(200))}); break;
      case 4:
        (void)write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, *id, {index}, now + below(90)); });
        break;
      case 5: (void)write([&](WriteTxn& txn) { return queue::mark_reported(txn, *id, {index}, below(2) == 0); }); break;
      case 6: (void)write([&](WriteTxn& txn) { return queue::retry_now(txn, *id, now); }); break;
      case 7: (void)write([&](WriteTxn& txn) { return queue::hold(txn, *id); }); break;
      case 8:
        if (below(4) == 0) (void)write([&](WriteTxn& txn) { return queue::release_leases(txn, now); });
        else (void)write([&](WriteTxn& txn) { return queue::extend_lease(txn, *id, now + below(100)); });
        break;
    }
  }

  // Exactly the entries of which something is due and nothing is under a running lease are claimed.
  void check_claim() {
    std::map<QueueId, std::vector<std::size_t>> expected;
    const auto entries = *read([](const ReadTxn& txn) { return queue::list(txn, 1'000'000); });
    for (const Entry& entry : entries) {
      std::vector<std::size_t> due;
      bool busy = false;
      for (std::size_t i = 0; i < entry.recipients.size(); ++i) {
        const Recipient& one = entry.recipients[i];
        if (one.state == State::InFlight && one.lease_until > now) busy = true;
        const bool waits = one.state == State::Waiting || one.state == State::InDoubt;
        if ((waits && one.next_attempt <= now) || (one.state == State::InFlight && one.lease_until <= now))
          due.push_back(i);
      }
      if (!busy && !due.empty()) expected.emplace(entry.id, due);
    }
    std::map<QueueId, std::vector<std::size_t>> claimed;
    for (const Claim& one : claim(1'000, 50)) claimed.emplace(one.entry.id, one.recipients);
    CHECK(claimed == expected);
  }
};

}  // namespace

TEST_CASE_METHOD(Walk, "the indexes equal a recount after every random step") {
  for (int i = 0; i < 400; ++i) {
    step();
    if (i % 5 == 0) check_indexes();
    if (i % 20 == 0) check_claim();
  }
  check_indexes();
  // No body without its entry.
  std::set<std::string> of_bodies;
  for (const auto& key : keys_of(queue::kBodies)) of_bodies.insert(key.substr(0, 8));
  CHECK(of_bodies == keys_of(queue::kEntries));
}

TEST_CASE_METHOD(QueueFixture, "two threads that claim never share an entry") {
  constexpr int kEntries = 60;
  for (int i = 0; i < kEntries; ++i) put(to({"a@x.test"}));
  std::vector<std::vector<std::uint64_t>> taken(2);
  const auto work = [&](std::size_t who) {
    for (;;) {
      auto claims = store->env().write([&](WriteTxn& txn) { return queue::claim_due(txn, now, now + 100, 2); });
      if (!claims.ok() || claims->empty()) return;
      for (const Claim& one : *claims) taken[who].push_back(one.entry.id.value);
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  std::vector<std::uint64_t> all = taken[0];
  all.insert(all.end(), taken[1].begin(), taken[1].end());
  std::sort(all.begin(), all.end());
  CHECK(all.size() == kEntries);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

namespace {

// Claims everything in a process of its own and writes the ids to `out`, eight octets each.
[[noreturn]] void claim_in_child(const std::string& directory, UnixTime now, int out) {
  auto store = queue::Store::open(directory);
  if (!store.ok()) _exit(1);
  for (;;) {
    auto claims = (*store)->env().write([&](WriteTxn& txn) { return queue::claim_due(txn, now, now + 100, 2); });
    if (!claims.ok()) _exit(1);
    if (claims->empty()) _exit(0);
    for (const Claim& one : *claims) {
      if (write(out, &one.entry.id.value, 8) != 8) _exit(1);
    }
  }
}

}  // namespace

TEST_CASE_METHOD(QueueFixture, "two processes that claim never share an entry") {
  constexpr int kEntries = 60;
  for (int i = 0; i < kEntries; ++i) put(to({"a@x.test"}));
  store.reset();  // an environment does not survive a fork
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    const pid_t child = fork();
    if (child == 0) claim_in_child(directory, now, ends[1]);
    REQUIRE(child > 0);
    children.push_back(child);
  }
  close(ends[1]);
  std::vector<std::uint64_t> all;
  std::uint64_t id = 0;
  while (::read(ends[0], &id, 8) == 8) all.push_back(id);
  close(ends[0]);
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  std::sort(all.begin(), all.end());
  CHECK(all.size() == kEntries);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  store = std::move(queue::Store::open(directory)).value();
  check_indexes();
}
