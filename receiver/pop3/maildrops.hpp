// Maildrops: who has which maildrop open. RFC 1939 §8: one session at a time has exclusive access; another one is told
// [IN-USE] (RFC 2449 §8.1.1). One per program. IMAP sessions are not held off: a message that they remove is gone here too.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "common/base/ids.hpp"

namespace hearthmail::receiver::pop3 {

// Thread-safe. Outlives its leases.
class Maildrops {
 public:
  // Exclusive access to one account's maildrop until it goes.
  class Lease {
   public:
    Lease(Lease&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), account_(other.account_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

   private:
    friend class Maildrops;
    Lease(Maildrops* owner, base::AccountId account) : owner_(owner), account_(account) {}
    Maildrops* owner_;
    base::AccountId account_;
  };

  Maildrops() = default;
  Maildrops(const Maildrops&) = delete;
  Maildrops& operator=(const Maildrops&) = delete;

  // Nothing when another session holds it.
  std::optional<Lease> lock(base::AccountId account);

 private:
  void unlock(base::AccountId account);

  std::mutex mutex_;
  std::set<std::uint64_t> held_;
};

}  // namespace hearthmail::receiver::pop3
