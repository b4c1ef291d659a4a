// How queue entries and routes are told to the operator: pure functions from records to text and JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/config/settings.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::cli {

// "waiting, next try in 5 min (2 tries so far) by route main: 451 4.7.1 greylisted"
std::string recipient_in_words(const store::queue::Recipient& recipient, base::UnixTime now);
// One line per entry, and one below it per recipient.
std::string queue_in_words(const std::vector<store::queue::Entry>& entries, base::UnixTime now);
// Everything known of one entry.
std::string entry_in_words(const store::queue::Entry& entry, base::UnixTime now);
nlohmann::ordered_json entry_json(const store::queue::Entry& entry);

// One configured route and its pause, if it has one.
struct RouteState {
  std::string name;
  std::string url;  // empty: paused, but no longer configured
  const store::queue::RoutePause* pause = nullptr;
};
// Configured routes in their order, then paused ones that are not configured. Points into `pauses`.
std::vector<RouteState> route_states(const config::Settings& settings,
                                     const std::vector<store::queue::RoutePause>& pauses);
std::string routes_in_words(const std::vector<RouteState>& routes, base::UnixTime now);
nlohmann::ordered_json routes_json(const std::vector<RouteState>& routes);

// The message's header: up to the blank line, which is not part of it.
std::string_view header_of(std::string_view message);
// Text that is safe on a terminal: control characters but TAB and newline become "\xNN"; CRLF becomes a newline.
std::string for_terminal(std::string_view octets);

}  // namespace hearthmail::cli
