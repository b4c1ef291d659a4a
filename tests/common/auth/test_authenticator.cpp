#include <condition_variable>
#include <map>
#include <mutex>

#include "common/auth/authenticator.hpp"
#include "common/auth/password.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace hearthmail;
using namespace hearthmail::auth;
using base::AccountId;
using base::Errc;
using base::Secret;
using std::chrono::seconds;

namespace {

struct Fixture {
  net::Workers workers{1, 4};
  base::ManualClock clock{1'000'000};
  std::map<std::string, Credential, std::less<>> store{
      {"anna@example.test", {AccountId{7}, "anna@example.test", hash_password("right"), false}}};
  base::Errc lookup_error = Errc::Internal;
  bool lookup_fails = false;
  Authenticator authenticator{workers,
                              [this](std::string_view login) -> base::Result<std::optional<Credential>> {
                                if (lookup_fails) return base::Error{lookup_error, "lookup failed"};
                                const auto found = store.find(login);
                                if (found == store.end()) return std::optional<Credential>{};
                                return std::optional<Credential>{found->second};
                              },
                              clock};

  Attempt login(std::string name, std::string password, std::string peer = "192.0.2.1") {
    return test::run_task(authenticator.login(std::move(name), Secret(std::move(password)), std::move(peer)));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the right password logs in, and again without a hash") {
  auto attempt = login("anna@example.test", "right");
  REQUIRE(attempt.identity.ok());
  CHECK(attempt.identity->account == AccountId{7});
  CHECK(attempt.identity->address == "anna@example.test");
  CHECK(attempt.delay.count() == 0);
  CHECK(authenticator.stats().hashes == 1);
  CHECK(login("anna@example.test", "right").identity.ok());
  CHECK(authenticator.stats().hashes == 1);
  CHECK(authenticator.stats().cache_hits == 1);
}

TEST_CASE_METHOD(Fixture, "the cache forgets after five minutes") {
  REQUIRE(login("anna@example.test", "right").identity.ok());
  clock.advance(seconds(299));
  REQUIRE(login("anna@example.test", "right").identity.ok());
  CHECK(authenticator.stats().hashes == 1);
  clock.advance(seconds(1));
  REQUIRE(login("anna@example.test", "right").identity.ok());
  CHECK(authenticator.stats().hashes == 2);
}

TEST_CASE_METHOD(Fixture, "a changed credential misses the cache at once") {
  REQUIRE(login("anna@example.test", "right").identity.ok());
  store["anna@example.test"].encoded = hash_password("new");
  CHECK(login("anna@example.test", "right").identity.error().code == Errc::Denied);
  CHECK(login("anna@example.test", "new").identity.ok());
}

TEST_CASE_METHOD(Fixture, "a disabled or removed account does not log in from the cache") {
  REQUIRE(login("anna@example.test", "right").identity.ok());
  store["anna@example.test"].disabled = true;
  CHECK(login("anna@example.test", "right").identity.error().code == Errc::Denied);
  store.clear();
  CHECK(login("anna@example.test", "right").identity.error().code == Errc::Denied);
}

TEST_CASE_METHOD(Fixture, "wrong, unknown, disabled and without a password cost one hash each and look the same") {
  store["off@example.test"] = {AccountId{8}, "off@example.test", hash_password("right"), true};
  store["none@example.test"] = {AccountId{9}, "none@example.test", "", false};
  std::uint64_t hashes = 0;
  for (const std::string name : {"anna@example.test", "nobody@example.test", "off@example.test", "none@example.test"}) {
    auto attempt = login(name, name == "anna@example.test" ? "wrong" : "right");
    REQUIRE_FALSE(attempt.identity.ok());
    CHECK(attempt.identity.error().code == Errc::Denied);
    CHECK(attempt.identity.error().text == "wrong login or password");
    CHECK(authenticator.stats().hashes == ++hashes);
  }
}

TEST_CASE_METHOD(Fixture, "delays grow per address and per login, up to ten seconds, and are forgotten") {
  const int expected[] = {1, 2, 4, 8, 10, 10};
  for (const int wait : expected) CHECK(login("anna@example.test", "wrong").delay == seconds(wait));
  // The same login from elsewhere goes on; another login from elsewhere starts anew.
  CHECK(login("anna@example.test", "wrong", "192.0.2.2").delay == seconds(10));
  CHECK(login("ANNA@example.test", "wrong", "192.0.2.3").delay == seconds(10));
  CHECK(login("bert@example.test", "wrong", "192.0.2.4").delay == seconds(1));
  // A right password is never delayed.
  CHECK(login("anna@example.test", "right").delay.count() == 0);
  clock.advance(kFailureMemory);
  CHECK(login("anna@example.test", "wrong").delay == seconds(1));
}

TEST_CASE_METHOD(Fixture, "the tables of failures are bounded") {
  for (std::size_t i = 0; i < kMaxTracked + 50; ++i) {
    const auto text = std::to_string(i);
    const auto attempt = login("u" + text, "", "peer" + text);  // an empty password costs no hash
    REQUIRE(attempt.identity.error().code == Errc::Denied);
  }
  CHECK(authenticator.stats().tracked == 2 * kMaxTracked);
  CHECK(authenticator.stats().hashes == 0);
}

TEST_CASE_METHOD(Fixture, "over-long names and passwords are denied without a hash") {
  CHECK(login("anna@example.test", std::string(kMaxPassword + 1, 'x')).identity.error().code == Errc::Denied);
  CHECK(login(std::string(kMaxLoginName + 1, 'a'), "right").identity.error().code == Errc::Denied);
  CHECK(authenticator.stats().hashes == 0);
  CHECK(authenticator.stats().failures == 2);
}

TEST_CASE_METHOD(Fixture, "an error of the store is not a wrong password") {
  lookup_fails = true;
  lookup_error = Errc::Corrupt;
  CHECK(login("anna@example.test", "right").identity.error().code == Errc::Corrupt);
  lookup_error = Errc::Invalid;  // not an address: unknown like any other
  CHECK(login("anna", "right").identity.error().code == Errc::Denied);
  CHECK(authenticator.stats().failures == 1);
}

TEST_CASE_METHOD(Fixture, "a full pool is Unavailable and counts against nobody") {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  std::size_t taken = 0;
  std::size_t ended = 0;
  const auto block = [&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
    ++ended;
    changed.notify_all();  // under the lock: the test leaves only after it
  };
  while (workers.submit(block)) ++taken;
  auto attempt = login("anna@example.test", "right");
  {
    std::unique_lock lock(mutex);
    open = true;
    changed.notify_all();
    changed.wait(lock, [&] { return ended == taken; });
  }
  REQUIRE_FALSE(attempt.identity.ok());
  CHECK(attempt.identity.error().code == Errc::Unavailable);
  CHECK(attempt.delay.count() == 0);
  CHECK(authenticator.stats().failures == 0);
  CHECK(taken >= 4);
}

TEST_CASE_METHOD(Fixture, "SCRAM: whose verifier is whose, and an unknown login looks like any other, RFC 5802 9") {
  store["anna@example.test"].scram = make_scram_verifier("right");
  const auto kept = parse_scram_verifier(store["anna@example.test"].scram);
  REQUIRE(kept.has_value());
  const auto anna = authenticator.scram_verifier("anna@example.test");
  REQUIRE(anna.ok());
  CHECK(anna->salt == kept->salt);
  CHECK(anna->stored_key == kept->stored_key);
  store["off@example.test"] = {AccountId{8}, "off@example.test", hash_password("x"), true, make_scram_verifier("x")};
  store["old@example.test"] = {AccountId{9}, "old@example.test", hash_password("x"), false};
  const auto off = parse_scram_verifier(store["off@example.test"].scram);
  for (const std::string name : {"nobody@example.test", "off@example.test", "old@example.test"}) {
    INFO(name);
    const auto first = authenticator.scram_verifier(name);
    const auto again = authenticator.scram_verifier(name);
    REQUIRE(first.ok());
    REQUIRE(again.ok());
    CHECK(first->salt == again->salt);
    CHECK(first->salt.size() == kept->salt.size());
    CHECK(first->iterations == kept->iterations);
    CHECK(first->stored_key == again->stored_key);
    CHECK(first->stored_key != off->stored_key);
    CHECK(first->salt != anna->salt);
  }
  CHECK(authenticator.scram_verifier("nobody@example.test")->salt != authenticator.scram_verifier("x@x.test")->salt);
  CHECK(authenticator.scram_verifier(std::string(100'000, 'x')).ok());
  const std::string before = authenticator.scram_verifier("nobody@example.test")->salt;
  authenticator.make_up_from(7);
  const std::string after = authenticator.scram_verifier("nobody@example.test")->salt;
  authenticator.make_up_from(8);
  CHECK(before != after);
  CHECK(authenticator.scram_verifier("nobody@example.test")->salt != after);
  authenticator.make_up_from(7);
  CHECK(authenticator.scram_verifier("nobody@example.test")->salt == after);
  lookup_fails = true;
  lookup_error = Errc::Unavailable;
  CHECK(authenticator.scram_verifier("anna@example.test").error().code == Errc::Unavailable);
}

TEST_CASE_METHOD(Fixture, "SCRAM: only a proof against a verifier that is there logs in") {
  store["anna@example.test"].scram = make_scram_verifier("right");
  store["off@example.test"] = {AccountId{8}, "off@example.test", hash_password("x"), true, make_scram_verifier("x")};
  store["old@example.test"] = {AccountId{9}, "old@example.test", hash_password("x"), false};
  const auto conclude = [this](const std::string& name, bool proved) {
    SaslStep step;
    step.done = true;
    step.login = name;
    step.proved = proved;
    return test::run_task(authenticator.conclude(std::move(step), "192.0.2.1"));
  };
  const auto attempt = conclude("anna@example.test", true);
  REQUIRE(attempt.identity.ok());
  CHECK(attempt.identity->account == AccountId{7});
  CHECK(attempt.delay.count() == 0);
  CHECK(authenticator.stats().hashes == 0);
  std::uint64_t failures = 0;
  CHECK(conclude("anna@example.test", false).identity.error().code == Errc::Denied);
  CHECK(authenticator.stats().failures == ++failures);
  for (const std::string name : {"nobody@example.test", "off@example.test", "old@example.test", ""}) {
    INFO(name);
    const auto refused = conclude(name, true);
    REQUIRE_FALSE(refused.identity.ok());
    CHECK(refused.identity.error().code == Errc::Denied);
    CHECK(refused.delay.count() > 0);
    CHECK(authenticator.stats().failures == ++failures);
  }
  SaslStep plain;
  plain.login = "old@example.test";
  plain.password = Secret("x");
  CHECK(test::run_task(authenticator.conclude(std::move(plain), "192.0.2.1")).identity.ok());
}
