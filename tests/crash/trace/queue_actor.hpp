// A thread of submission, relay and operator on the queue environment.
#pragma once

#include "tests/crash/trace/actor.hpp"

namespace hearthmail::crash {

class QueueActor : public Actor {
 public:
  using Actor::Actor;
  base::Status run(unsigned operations);

 private:
  base::Status enqueue();
  base::Status refuse();
  base::Status claim();
  base::Status mark_in_doubt();
  base::Status finish();
  base::Status report();
  base::Status operate_by_hand();
  base::Status release();

  std::vector<store::queue::Claim> claims_;
  base::UnixTime now_ = 1'795'000'000;
};

// The accounts environment: domains, accounts, passwords, aliases.
class AccountsActor : public Actor {
 public:
  using Actor::Actor;
  base::Status run(unsigned operations);

 private:
  base::Status step(WriteTxn& txn, unsigned number);
};

}  // namespace hearthmail::crash
