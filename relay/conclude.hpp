// From what the routes said about one recipient to what the queue remembers of it. Pure.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.hpp"
#include "relay/outcome.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::relay {

// Begins the reply of a recipient that waits for a route, so that it is tried at once when a route opens again.
constexpr std::string_view kParked = "waiting for a route: ";
// How long parked mail waits when no route will be probed by itself (all were paused by the operator).
constexpr base::Seconds kParkedRecheck{15 * 60};
// Mail whose sender a route refused is tried this much later than the route's probe, so that other mail probes it.
constexpr base::Seconds kSenderAfterProbe{60};

// The standing of one recipient while the routes are tried in order: the most telling answer so far.
struct Standing {
  std::optional<Outcome> outcome;
  std::string route;        // that gave it
  bool shut = false;        // some route was passed by because it rests
  std::string shut_reason;  // which, and why

  // No route needs to be asked any more.
  bool decided() const { return outcome && !tries_next_route(*outcome); }
  void take(Outcome next, std::string_view from);
  void pass_by(std::string_view route_name, std::string_view reason);
};

struct Times {
  base::UnixTime now = 0;
  base::Seconds lifetime{0};  // from arrival to giving up
  base::Seconds in_doubt_hold{0};
  std::optional<base::UnixTime> next_probe;  // when some route may be tried again
  double chance = 0.5;                       // for the jitter
  bool stopping = false;                     // the relay is ending: what was not decided is given back
};

// What to write into the queue for `entry.recipients[recipient]`.
store::queue::Outcome conclude(const store::queue::Entry& entry, std::size_t recipient, const Standing& standing,
                               const Times& times);

}  // namespace hearthmail::relay
