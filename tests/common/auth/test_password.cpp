#include <algorithm>
#include <ctime>
#include <string>

#include "common/auth/password.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::auth;

TEST_CASE("a hash is argon2id with the documented cost, and verifies") {
  const std::string encoded = hash_password("correct horse");
  CHECK(encoded.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK(encoded.find('\0') == std::string::npos);
  CHECK(verify_password(encoded, "correct horse"));
  CHECK_FALSE(verify_password(encoded, "correct horsf"));
  CHECK_FALSE(verify_password(encoded, ""));
}

TEST_CASE("two hashes of one password differ by their salt") { CHECK(hash_password("a") != hash_password("a")); }

namespace {

// Processor time of one verification, which the load of the machine hardly changes.
std::clock_t cost_of(const std::string& encoded) {
  const std::clock_t began = std::clock();
  CHECK_FALSE(verify_password(encoded, "guess"));
  return std::clock() - began;
}

}  // namespace

TEST_CASE("a hash that nothing matches looks like any other and is verified as any other") {
  const std::string real = hash_password("a");
  const std::string unmatched = unmatched_hash();
  CHECK(unmatched.size() == real.size());
  CHECK(std::count(unmatched.begin(), unmatched.end(), '$') == 5);
  CHECK(unmatched.substr(0, 31) == real.substr(0, 31));
  CHECK(unmatched_hash() != unmatched);
  CHECK(cost_of(unmatched) > cost_of(real) / 3);  // one that cannot be read costs nothing
}

TEST_CASE("what is no argon2id hash matches nothing") {
  CHECK_FALSE(verify_password("", ""));
  CHECK_FALSE(verify_password("plain", "plain"));
  CHECK_FALSE(verify_password("$argon2id$", "x"));
  CHECK_FALSE(
      verify_password("$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
                      "wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
                      "password"));
}

TEST_CASE("a hash made elsewhere with other costs verifies") {
  // phc-winner-argon2's test vector: argon2id, t=2, m=65536, p=1.
  const std::string encoded = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  CHECK(verify_password(encoded, "password"));
  CHECK_FALSE(verify_password(encoded, "passwore"));
}

TEST_CASE("a password over kMaxPassword octets is refused before it is hashed") {
  CHECK(kMaxPassword == 1024);
  const std::string longest(kMaxPassword, 'x');
  const std::string encoded = hash_password(longest);
  CHECK(verify_password(encoded, longest));
  const std::string over(kMaxPassword + 1, 'x');
  CHECK_FALSE(verify_password(hash_password(over), over));
}
