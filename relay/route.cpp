#include "relay/route.hpp"

#include <algorithm>
#include <utility>

#include "relay/backoff.hpp"

namespace hearthmail::relay {

RouteBook::RouteBook(std::vector<std::string> names) {
  for (std::string& name : names) {
    RouteState state;
    state.name = std::move(name);
    states_.push_back(std::move(state));
  }
}

RouteBook::Gate RouteBook::enter(std::size_t route, base::UnixTime now) {
  RouteState& state = states_[route];
  if (!state.resting) return Gate::Open;
  if (state.by_operator || state.probing || state.until == 0 || now < state.until) return Gate::Shut;
  state.probing = true;
  return Gate::Probe;
}

bool RouteBook::recovered(std::size_t route) {
  RouteState& state = states_[route];
  state.faults = 0;
  state.probing = false;
  if (state.by_operator) return false;  // a mail that was on its way when the operator paused it
  return std::exchange(state.resting, false);
}

void RouteBook::abandon(std::size_t route) { states_[route].probing = false; }

base::UnixTime RouteBook::fault(std::size_t route, base::UnixTime now, base::Seconds told) {
  RouteState& state = states_[route];
  const bool known = state.resting && !state.probing;  // a mail that had started before the route began to rest
  state.probing = false;
  if (state.by_operator) return state.until;
  if (!known || now >= state.until) ++state.faults;
  const base::Seconds rest = told.count() > 0 ? told : probe_delay(state.faults);
  state.until = known ? std::max(state.until, now + rest.count()) : now + rest.count();
  state.resting = true;
  return state.until;
}

void RouteBook::begin_load() {
  for (RouteState& state : states_) state.mentioned = false;
}

void RouteBook::load(std::string_view name, base::UnixTime until, bool by_operator) {
  for (RouteState& state : states_) {
    if (state.name != name) continue;
    state.mentioned = true;
    state.resting = true;
    state.by_operator = by_operator;
    state.until = until;
  }
}

bool RouteBook::end_load() {
  bool opened = false;
  for (RouteState& state : states_) {
    if (state.mentioned || !state.resting) continue;
    state.resting = false;
    state.by_operator = false;
    state.faults = 0;
    opened = true;
  }
  return opened;
}

std::optional<base::UnixTime> RouteBook::earliest(base::UnixTime now) const {
  std::optional<base::UnixTime> first;
  for (const RouteState& state : states_) {
    if (state.resting && (state.by_operator || state.until == 0)) continue;
    const base::UnixTime at = state.resting ? std::max(state.until, now) : now;
    if (!first || at < *first) first = at;
  }
  return first;
}

}  // namespace hearthmail::relay
