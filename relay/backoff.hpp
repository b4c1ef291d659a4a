// Backoff: when to try again. Pure; chance comes in as a number.
#pragma once

#include <chrono>
#include <cstdint>

namespace hearthmail::relay {

// The longest wait between two attempts at one recipient, limits.md: about 70 minutes (Postfix: 4,000 s).
constexpr std::chrono::minutes kLongestWait{70};
// Each wait is this much longer or shorter, so that mails that failed together do not come back together.
constexpr double kJitter = 0.1;

// The wait after the `attempts`-th counted attempt (1: the first): 1, 5, 15, 30, 50, then 70 minutes. RFC 5321 §4.5.4.1 asks
// for 30 minutes at least, in general; the first, shorter ones are for a smarthost that was away for a moment.
std::chrono::seconds retry_delay(std::uint32_t attempts);
// The same with jitter. `chance`: 0 to 1.
std::chrono::seconds retry_delay(std::uint32_t attempts, double chance);

// How many counted attempts a recipient gets in any case before it is given up: as many as fit into the first kLeastTrying
// of `lifetime`. RFC 5321 §4.5.4.1 sets the give-up time for a recipient that was tried all along.
constexpr std::chrono::hours kLeastTrying{4};
std::uint32_t least_attempts(std::chrono::seconds lifetime);

// How long a route rests after its `faults`-th fault in a row (1: the first) before one mail probes it: 1, 2, 5, then 15
// minutes.
std::chrono::seconds probe_delay(std::uint32_t faults);

// For mail that waits on a fault of the route with its sender: no attempt is counted, so the wait grows with its age.
std::chrono::seconds sender_delay(std::chrono::seconds age);
// For mail to our own receiver while that is away, usually for the moment of a restart: 5 seconds, then longer as the mail
// ages, up to 5 minutes.
std::chrono::seconds local_delay(std::chrono::seconds age);

}  // namespace hearthmail::relay
