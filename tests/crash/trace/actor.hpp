// What the workload's threads have in common: one operation is one job of the writer thread, marked when it begins and
// when its caller has the answer, with the states of what it touched as its own transaction saw them.
#pragma once

#include <atomic>
#include <random>
#include <string>

#include "tests/crash/trace/objects.hpp"
#include "tests/crash/trace/workload.hpp"

namespace hearthmail::crash {

using store::lmdb::WriteTxn;

class Actor {
 public:
  Actor(Record& record, std::uint8_t environment, store::lmdb::Env& env, std::uint64_t seed, std::string name)
      : record_(record), environment_(environment), env_(env), random_(seed), name_(std::move(name)) {}

 protected:
  // `work(txn)` gives the objects that it touched. An error of `work` is a refusal; one of the commit is reported.
  template <class F>
  base::Status operate(F work, store::lmdb::Isolation isolation = store::lmdb::Isolation::Child) {
    History& history = record_.histories[environment_];
    Operation operation;
    bool refused = false;
    operation.begun = mark(Event::Kind::Begin, environment_, ++begun_);
    const auto done = env_.write(
        [&](WriteTxn& txn) -> base::Result<Objects> {
          operation.sequence = history.next_sequence();
          base::Result<Objects> touched = work(txn);
          refused = !touched.ok();
          return touched;
        },
        isolation);
    if (!done.ok()) return refused ? base::ok() : base::Status(done.error());
    operation.acked = mark(Event::Kind::Ack, environment_, begun_);
    history.add(operation, *done);
    return base::ok();
  }

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  bool chance(unsigned percent) { return below(100) < percent; }
  // A message of about `octets` octets, half of it text that compresses.
  std::string letter(std::size_t octets) {
    const std::string number = std::to_string(++letters_);
    std::string text = "From: <" + name_ + "@elsewhere.example>\r\nTo: <anna@example.test>\r\nSubject: letter " +
                       number + "\r\nMessage-ID: <" + number + "." + name_ + "@elsewhere.example>\r\n\r\n";
    while (text.size() < octets) {
      if (chance(50)) text += "the same line of every letter, which compresses well\r\n";
      else text += std::to_string(random_()) + std::to_string(random_()) + "\r\n";
    }
    return text;
  }
  std::size_t letter_size() {
    const auto kind = below(100);
    if (kind < 60) return 300 + below(4000);
    if (kind < 95) return 4000 + below(20'000);
    return 60'000 + below(120'000);
  }

  Record& record_;
  std::uint8_t environment_;
  store::lmdb::Env& env_;
  std::mt19937_64 random_;
  std::string name_;
  std::uint64_t begun_ = 0;
  std::uint64_t letters_ = 0;
};

}  // namespace hearthmail::crash
