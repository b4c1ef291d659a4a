#include "common/auth/authenticator.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "common/auth/password.hpp"
#include "common/auth/recent_table.hpp"
#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "common/log/log.hpp"

namespace hearthmail::auth {

using base::Errc;
using base::Error;
using base::Result;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::size_t kBootSecret = 32;  // octets

struct Failures {
  std::uint32_t count = 0;
  SteadyTime last{};
};

// The delay after the nth failure in a row.
std::chrono::milliseconds delay_after(std::uint32_t failures) {
  if (failures == 0) return std::chrono::milliseconds{0};
  const std::uint32_t doublings = std::min<std::uint32_t>(failures - 1, 10);
  return std::min<std::chrono::milliseconds>(kFirstDelay * (1U << doublings), kLongestDelay);
}

// A login that is no address at all is unknown like any other.
bool is_unknown(Errc code) { return code == Errc::Invalid || code == Errc::NotFound; }

Error denied() { return {Errc::Denied, "wrong login or password"}; }

// An account whose password was set by a program that kept no verifier: right or wrong, it cannot be proved.
void tell_no_verifier(const Credential& credential) {
  log::warning("SCRAM login refused: nothing is kept to check it by",
               {{"account", credential.address},
                {"do", "hearthmail user passwd " + credential.address +
                           " (the same password will do), or let the "
                           "client use PLAIN inside TLS"}});
}

}  // namespace

struct Authenticator::Impl {
  Impl(net::Workers& pool, Lookup find, const base::Clock& time)
      : workers(pool),
        lookup(std::move(find)),
        clock(time),
        boot_secret(crypto::random_octets(kBootSecret)),
        // What an unknown login is verified against, so that it costs the same.
        dummy_hash(unmatched_hash()) {}

  std::string cache_key(const Credential& credential, std::string_view password) const {
    base::Encoder text;
    text.u64(credential.account.value).octets(credential.encoded).octets(password);
    return crypto::hmac_sha256(boot_secret, text.str());
  }

  bool is_cached(const std::string& key) {
    const std::lock_guard lock(mutex);
    const auto now = clock.steady();
    cache.forget_while([&](SteadyTime expires) { return expires <= now; });
    SteadyTime* expires = cache.find(key);
    if (expires == nullptr || *expires <= now) return false;
    ++stats.cache_hits;
    return true;
  }

  void remember(const std::string& key) {
    const std::lock_guard lock(mutex);
    cache.touch(key) = clock.steady() + kCacheLifetime;
  }

  // Counts a failure for both and returns the longer delay.
  std::chrono::milliseconds count_failure(const std::string& login, const std::string& peer) {
    const std::lock_guard lock(mutex);
    ++stats.failures;
    return std::max(count_one(by_login, login), count_one(by_peer, peer));
  }

  std::chrono::milliseconds count_one(RecentTable<Failures>& table, const std::string& key) {
    const auto now = clock.steady();
    table.forget_while([&](const Failures& entry) { return entry.last + kFailureMemory <= now; });
    Failures& entry = table.touch(key);
    if (entry.last + kFailureMemory <= now) entry.count = 0;
    entry.count = std::min<std::uint32_t>(entry.count + 1, 1'000'000);
    entry.last = now;
    return delay_after(entry.count);
  }

  void count_hash() {
    const std::lock_guard lock(mutex);
    ++stats.hashes;
  }

  net::Workers& workers;
  Lookup lookup;
  const base::Clock& clock;
  const std::string boot_secret;
  const std::string dummy_hash;
  std::string verifier_secret = boot_secret;  // what the verifiers of unknown logins are made of
  std::mutex mutex;                           // guards what follows
  RecentTable<SteadyTime> cache{kMaxCached};
  RecentTable<Failures> by_login{kMaxTracked};
  RecentTable<Failures> by_peer{kMaxTracked};
  Stats stats;
};

Authenticator::Authenticator(net::Workers& workers, Lookup lookup, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(workers, std::move(lookup), clock)) {}
Authenticator::~Authenticator() = default;

base::Task<Attempt> Authenticator::login(std::string login_name, base::Secret password, std::string peer_address) {
  const std::string counted_as = base::lower(login_name.substr(0, kMaxLoginName));
  if (login_name.empty() || login_name.size() > kMaxLoginName || password.empty() || password.size() > kMaxPassword) {
    co_return Attempt{denied(), impl_->count_failure(counted_as, peer_address)};
  }
  auto found = impl_->lookup(login_name);
  if (!found.ok() && !is_unknown(found.error().code)) co_return Attempt{found.error(), {}};
  Credential credential;
  if (found.ok() && found->has_value()) credential = **found;
  const bool usable = !credential.encoded.empty() && !credential.disabled;
  if (!usable) credential.encoded = impl_->dummy_hash;

  const std::string key = impl_->cache_key(credential, password.reveal());
  if (usable && impl_->is_cached(key)) co_return Attempt{Identity{credential.account, credential.address}, {}};

  impl_->count_hash();
  const auto verify = [&credential, &password]() -> Result<bool> {
    return verify_password(credential.encoded, password.reveal());
  };
  auto verified = co_await impl_->workers.run(verify);
  if (!verified.ok()) co_return Attempt{verified.error(), {}};
  if (!usable || !*verified) co_return Attempt{denied(), impl_->count_failure(counted_as, peer_address)};
  impl_->remember(key);
  co_return Attempt{Identity{credential.account, credential.address}, {}};
}

void Authenticator::make_up_from(std::uint64_t secret) { impl_->verifier_secret = base::Encoder().u64(secret).str(); }

Result<ScramVerifier> Authenticator::scram_verifier(const std::string& login_name) {
  if (login_name.size() <= kMaxLoginName) {
    const auto found = impl_->lookup(login_name);
    if (!found.ok() && !is_unknown(found.error().code)) return found.error();
    const bool known = found.ok() && found->has_value() && !(*found)->disabled;
    const auto verifier = known ? parse_scram_verifier((*found)->scram) : std::nullopt;
    if (verifier.has_value()) return *verifier;
  }
  // A StoredKey that is no digest of anything that anybody knows.
  const auto made_up = [&](const char* what) {
    return crypto::hmac_sha256(impl_->verifier_secret, what + base::lower(login_name.substr(0, kMaxLoginName)));
  };
  ScramVerifier nobody;
  nobody.salt = made_up("salt ").substr(0, kScramSalt);
  nobody.stored_key = made_up("stored ");
  nobody.server_key = made_up("server ");
  return nobody;
}

base::Task<Attempt> Authenticator::conclude(SaslStep step, std::string peer_address) {
  if (!step.proved.has_value()) {
    std::string name = std::move(step.login);
    base::Secret password = std::move(step.password);
    auto attempt = co_await login(std::move(name), std::move(password), std::move(peer_address));
    co_return attempt;
  }
  const std::string counted_as = base::lower(step.login.substr(0, kMaxLoginName));
  if (step.login.empty() || step.login.size() > kMaxLoginName) {
    co_return Attempt{denied(), impl_->count_failure(counted_as, peer_address)};
  }
  const auto found = impl_->lookup(step.login);
  if (!found.ok() && !is_unknown(found.error().code)) co_return Attempt{found.error(), {}};
  Credential credential;
  if (found.ok() && found->has_value()) credential = **found;
  const bool usable = !credential.scram.empty() && !credential.disabled;
  if (!usable && !credential.encoded.empty() && !credential.disabled) tell_no_verifier(credential);
  if (!usable || !*step.proved) co_return Attempt{denied(), impl_->count_failure(counted_as, peer_address)};
  co_return Attempt{Identity{credential.account, credential.address}, {}};
}

Authenticator::Stats Authenticator::stats() const {
  const std::lock_guard lock(impl_->mutex);
  Stats now = impl_->stats;
  now.cached = impl_->cache.size();
  now.tracked = impl_->by_login.size() + impl_->by_peer.size();
  return now;
}

}  // namespace hearthmail::auth
