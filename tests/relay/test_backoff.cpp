#include "relay/backoff.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace std::chrono_literals;

TEST_CASE("retries after 1, 5, 15 minutes, then growing to 70") {
  CHECK(relay::retry_delay(1) == 1min);
  CHECK(relay::retry_delay(2) == 5min);
  CHECK(relay::retry_delay(3) == 15min);
  for (std::uint32_t n = 3; n < 200; ++n) {
    CHECK(relay::retry_delay(n + 1) >= relay::retry_delay(n));
    CHECK(relay::retry_delay(n) <= relay::kLongestWait);
  }
  CHECK(relay::retry_delay(100) == 70min);
  CHECK(relay::retry_delay(0) == 1min);
}

TEST_CASE("jitter is a tenth either way") {
  CHECK(relay::retry_delay(3, 0.5) == 15min);
  CHECK(relay::retry_delay(3, 0.0) == 810s);
  CHECK(relay::retry_delay(3, 1.0) == 990s);
  CHECK(relay::retry_delay(3, 7.0) == 990s);
}

TEST_CASE("a route is probed after 1, 2, 5, 15, 15 minutes") {
  CHECK(relay::probe_delay(1) == 1min);
  CHECK(relay::probe_delay(2) == 2min);
  CHECK(relay::probe_delay(3) == 5min);
  CHECK(relay::probe_delay(4) == 15min);
  CHECK(relay::probe_delay(40) == 15min);
}

TEST_CASE("mail that waits for its sender to be verified waits longer as it ages") {
  CHECK(relay::sender_delay(0s) == 2min);
  CHECK(relay::sender_delay(40min) == 10min);
  CHECK(relay::sender_delay(48h) == 70min);
}

TEST_CASE("mail to our own receiver waits seconds, then minutes") {
  CHECK(relay::local_delay(0s) == 5s);
  CHECK(relay::local_delay(1min) == 30s);
  CHECK(relay::local_delay(24h) == 5min);
}

TEST_CASE("a recipient gets the attempts of four hours, or of a shorter lifetime, before it is given up") {
  CHECK(relay::least_attempts(5 * 24h) == 6);  // 1, 5, 15, 30, 50 and 70 minutes fit into 4 hours
  CHECK(relay::least_attempts(1h) == 4);
  CHECK(relay::least_attempts(1min) == 0);
  CHECK(relay::least_attempts(0s) == 0);
}
