#include <vector>

#include "store/queue/states.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::store::queue;

namespace {

const std::vector<State> kAll{State::Waiting,   State::InFlight, State::InDoubt,
                              State::Delivered, State::Failed,   State::Held};
const std::vector<Step> kSteps{Step::Claim, Step::Release, Step::MarkInDoubt, Step::Finish, Step::Retry, Step::Hold};

Recipient ended(State state, std::uint8_t notify) {
  Recipient recipient;
  recipient.state = state;
  recipient.notify = notify;
  return recipient;
}

}  // namespace

TEST_CASE("nothing leaves Delivered or Failed") {
  for (const State from : {State::Delivered, State::Failed}) {
    for (const Step step : kSteps) {
      for (const State to : kAll) CHECK_FALSE(transition(from, step, to).has_value());
    }
  }
}

TEST_CASE("only finish ends a recipient, only a claim puts it in flight") {
  for (const State from : kAll) {
    for (const Step step : kSteps) {
      for (const State to : kAll) {
        const auto result = transition(from, step, to);
        if (!result) continue;
        if (is_finished(*result)) CHECK(step == Step::Finish);
        if (*result == State::InFlight) CHECK(step == Step::Claim);
      }
    }
  }
}

TEST_CASE("a held recipient keeps its hold unless it has ended") {
  CHECK(transition(State::Held, Step::Finish, State::Waiting) == State::Held);
  CHECK(transition(State::Held, Step::Finish, State::InDoubt) == State::Held);
  CHECK(transition(State::Held, Step::Finish, State::Delivered) == State::Delivered);
  CHECK_FALSE(transition(State::Held, Step::Claim, State::InFlight).has_value());
  CHECK_FALSE(transition(State::Held, Step::MarkInDoubt, State::InDoubt).has_value());
}

TEST_CASE("reports: failures by default, successes on demand, never to nobody, RFC 3461 4.1") {
  Envelope envelope;
  envelope.reverse_path = "anna@example.test";
  CHECK(wants_report(envelope, ended(State::Failed, kNotifyDefault)));
  CHECK(wants_report(envelope, ended(State::Failed, kNotifyFailure)));
  CHECK_FALSE(wants_report(envelope, ended(State::Failed, kNotifySuccess)));
  CHECK_FALSE(wants_report(envelope, ended(State::Failed, kNotifyDelay)));
  CHECK_FALSE(wants_report(envelope, ended(State::Failed, kNotifyNever)));
  CHECK_FALSE(wants_report(envelope, ended(State::Delivered, kNotifyDefault)));
  CHECK_FALSE(wants_report(envelope, ended(State::Delivered, kNotifyFailure)));
  CHECK(wants_report(envelope, ended(State::Delivered, kNotifySuccess | kNotifyFailure)));
  CHECK_FALSE(wants_report(envelope, ended(State::Waiting, kNotifySuccess)));
  envelope.reverse_path.clear();
  CHECK_FALSE(wants_report(envelope, ended(State::Failed, kNotifyDefault)));
  CHECK_FALSE(wants_report(envelope, ended(State::Delivered, kNotifySuccess)));
}
