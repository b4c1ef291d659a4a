// Authenticator: is this the password of that account? One per program, used by IMAP, POP3 and submission.
//
//   auto attempt = co_await authenticator.login(name, std::move(password), peer);
//   if (!attempt.identity.ok()) {
//     co_await loop.sleep(attempt.delay);
//     // Denied: wrong name or password (535 5.7.8, NO [AUTHENTICATIONFAILED], -ERR [AUTH])
//     // anything else: temporary (454 4.7.0, NO [UNAVAILABLE], -ERR [SYS/TEMP])
//   }
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/auth/sasl.hpp"
#include "common/base/clock.hpp"
#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/task.hpp"
#include "common/net/workers.hpp"

namespace hearthmail::auth {

// Who logged in.
struct Identity {
  base::AccountId account;
  std::string address;  // the account's primary address
};

// What the store knows of a login. `encoded` is a hash as made by hash_password; empty or disabled: no login.
struct Credential {
  base::AccountId account;
  std::string address;
  std::string encoded;
  bool disabled = false;
  std::string scram = {};  // as made by make_scram_verifier; empty: SCRAM does not let it in
};

// What came of one attempt.
struct Attempt {
  base::Result<Identity> identity;
  // How long the session waits (on its own loop) before it answers; zero after a success. The Authenticator itself never
  // waits and never blocks: it knows no loop.
  std::chrono::milliseconds delay{0};
};

// How long a right password is remembered, so that a client that reconnects all day does not pay the hash (limits.md).
constexpr std::chrono::minutes kCacheLifetime{5};
constexpr std::size_t kMaxCached = 10'000;  // remembered logins; the oldest goes
// Delays after wrong passwords: 1, 2, 4, 8, then 10 seconds, counted per peer address and per login, the longer one.
// A success clears neither the address's nor the login's count for others; counts are forgotten after kFailureMemory.
constexpr std::chrono::seconds kFirstDelay{1};
constexpr std::chrono::seconds kLongestDelay{10};
constexpr std::chrono::minutes kFailureMemory{15};
constexpr std::size_t kMaxTracked = 10'000;  // addresses, and as many logins; the oldest goes
constexpr std::size_t kMaxLoginName = 320;   // octets: 64 "@" 255, RFC 5321 §4.5.3.1

// Thread-safe: sessions of all loops share one. Hashes run in `workers`; an unknown or disabled login costs the same as
// a known one. Positive results are remembered under HMAC(secret of this run, stored credential, password): a changed
// credential misses at once. Nothing of the password is kept.
class Authenticator {
 public:
  // Reads the credential from the store, in the caller's thread: nullopt for an unknown login. It must be thread-safe.
  // Its Invalid (not an address) and NotFound count as unknown; other errors pass through as they are.
  using Lookup = std::function<base::Result<std::optional<Credential>>(std::string_view login)>;

  Authenticator(net::Workers& workers, Lookup lookup, const base::Clock& clock);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // `peer_address` as in net::Peer::address. Errors: Denied (unknown, disabled, wrong or over-long: not told apart),
  // Unavailable (the pool is full), and those of the lookup.
  base::Task<Attempt> login(std::string login_name, base::Secret password, std::string peer_address);

  // For SCRAM: the verifier of a login. One that is unknown, disabled or has none gets a verifier that nothing satisfies, the
  // same each time, so that it looks like any other (RFC 5802 §9). In the caller's thread. Errors: those of the lookup.
  base::Result<ScramVerifier> scram_verifier(const std::string& login_name);
  // A number that stays the same over restarts and is the same in every program: of it the made-up verifiers are made. Call
  // it at start, before the first login; without it they change with every start.
  void make_up_from(std::uint64_t secret);
  // What a SASL exchange ended with: a password to verify, or a proof that was right or wrong. As login().
  base::Task<Attempt> conclude(SaslStep step, std::string peer_address);

  // For the status page and tests.
  struct Stats {
    std::uint64_t hashes = 0;  // verifications that cost a hash
    std::uint64_t cache_hits = 0;
    std::uint64_t failures = 0;
    std::size_t cached = 0;
    std::size_t tracked = 0;  // addresses and logins with failures
  };
  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearthmail::auth
