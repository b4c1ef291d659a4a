// The life of a recipient: every legal change of state, in one table. store/FORMAT.md shows the same table.
#pragma once

#include <optional>
#include <string_view>

#include "store/queue/queue.hpp"

namespace hearthmail::store::queue {

// Who asks for a change.
enum class Step : std::uint8_t {
  Claim,        // claim_due
  Release,      // release_leases
  MarkInDoubt,  // mark_in_doubt
  Finish,       // finish
  Retry,        // retry_now
  Hold,         // hold
};

// The state that `step` leaves a recipient in when it asks for `to`. nullopt: the change is illegal.
std::optional<State> transition(State from, Step step, State to);

bool is_finished(State state);  // Delivered or Failed

// "waiting", "in flight", "in doubt", "delivered", "failed", "held".
std::string_view name(State state);

// Is a report about this end wanted? RFC 3461 §4.1: by default failures are reported and successes are not; nothing is
// ever reported to an empty reverse-path (RFC 5321 §4.5.5).
bool wants_report(const Envelope& envelope, const Recipient& recipient);

}  // namespace hearthmail::store::queue
