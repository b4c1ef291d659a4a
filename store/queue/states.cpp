#include "store/queue/states.hpp"

#include <algorithm>
#include <array>

namespace hearthmail::store::queue {

namespace {

struct Rule {
  State from;
  Step step;
  State asked;
  State result;
};

constexpr std::array kRules{
    // The relay takes work: what is due, or what a lost relay had (its lease ran out).
    Rule{State::Waiting, Step::Claim, State::InFlight, State::InFlight},
    Rule{State::InDoubt, Step::Claim, State::InFlight, State::InFlight},
    Rule{State::InFlight, Step::Claim, State::InFlight, State::InFlight},
    Rule{State::InFlight, Step::Release, State::Waiting, State::Waiting},

    // The final octets are about to go out. Not from Held: the operator stopped it in time.
    Rule{State::InFlight, Step::MarkInDoubt, State::InDoubt, State::InDoubt},
    Rule{State::InDoubt, Step::MarkInDoubt, State::InDoubt, State::InDoubt},

    // What became of an attempt.
    Rule{State::InFlight, Step::Finish, State::Waiting, State::Waiting},
    Rule{State::InFlight, Step::Finish, State::InDoubt, State::InDoubt},
    Rule{State::InFlight, Step::Finish, State::Delivered, State::Delivered},
    Rule{State::InFlight, Step::Finish, State::Failed, State::Failed},
    Rule{State::InDoubt, Step::Finish, State::Waiting, State::Waiting},
    Rule{State::InDoubt, Step::Finish, State::InDoubt, State::InDoubt},
    Rule{State::InDoubt, Step::Finish, State::Delivered, State::Delivered},
    Rule{State::InDoubt, Step::Finish, State::Failed, State::Failed},
    // A late answer: the lease ran out, or the operator asked for a retry after the final octets had gone. What is delivered
    // must not go out again; any other answer leaves it to the next attempt, and does not keep the answers to the entry's
    // other recipients from being written down.
    Rule{State::Waiting, Step::Finish, State::Delivered, State::Delivered},
    Rule{State::Waiting, Step::Finish, State::Waiting, State::Waiting},
    Rule{State::Waiting, Step::Finish, State::InDoubt, State::Waiting},
    Rule{State::Waiting, Step::Finish, State::Failed, State::Waiting},
    // Held while in flight: an end counts, anything else stays held.
    Rule{State::Held, Step::Finish, State::Delivered, State::Delivered},
    Rule{State::Held, Step::Finish, State::Failed, State::Failed},
    Rule{State::Held, Step::Finish, State::Waiting, State::Held},
    Rule{State::Held, Step::Finish, State::InDoubt, State::Held},

    // The operator.
    Rule{State::Waiting, Step::Retry, State::Waiting, State::Waiting},
    Rule{State::InDoubt, Step::Retry, State::Waiting, State::Waiting},
    Rule{State::Held, Step::Retry, State::Waiting, State::Waiting},
    Rule{State::Waiting, Step::Hold, State::Held, State::Held},
    Rule{State::InDoubt, Step::Hold, State::Held, State::Held},
    Rule{State::InFlight, Step::Hold, State::Held, State::Held},
};

}  // namespace

std::optional<State> transition(State from, Step step, State to) {
  const auto* rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& one) {
    return one.from == from && one.step == step && one.asked == to;
  });
  if (rule == kRules.end()) return std::nullopt;
  return rule->result;
}

bool is_finished(State state) { return state == State::Delivered || state == State::Failed; }

std::string_view name(State state) {
  switch (state) {
    case State::Waiting: return "waiting";
    case State::InFlight: return "in flight";
    case State::InDoubt: return "in doubt";
    case State::Delivered: return "delivered";
    case State::Failed: return "failed";
    case State::Held: return "held";
  }
  return "unknown";
}

bool wants_report(const Envelope& envelope, const Recipient& recipient) {
  if (envelope.reverse_path.empty() || (recipient.notify & kNotifyNever) != 0) return false;
  if (recipient.state == State::Delivered) return (recipient.notify & kNotifySuccess) != 0;
  if (recipient.state == State::Failed) {
    return recipient.notify == kNotifyDefault || (recipient.notify & kNotifyFailure) != 0;
  }
  return false;
}

}  // namespace hearthmail::store::queue
