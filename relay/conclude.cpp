#include "relay/conclude.hpp"

#include <algorithm>
#include <utility>

#include "relay/backoff.hpp"
#include "relay/dsn/report.hpp"

namespace hearthmail::relay {

namespace queue = store::queue;
using base::Seconds;
using base::UnixTime;
using queue::State;

namespace {

// How telling an answer is: a decision, then "later", then a fault of the route, then "not by this route".
int weight(const Outcome& outcome) {
  if (!tries_next_route(outcome)) return 3;
  if (outcome.verdict == Verdict::Temporary) return 2;
  return is_route_fault(outcome.verdict) ? 1 : 0;
}

class Conclusion {
 public:
  Conclusion(const queue::Entry& entry, std::size_t recipient, const Standing& standing, const Times& times)
      : entry_(entry), standing_(standing), times_(times) {
    out_.recipient = recipient;
    out_.route = standing.route;
    if (standing.outcome) {
      out_.reply = standing.outcome->reply;
      out_.status = standing.outcome->status;
    }
  }

  queue::Outcome make() {
    if (!standing_.outcome) return parked(standing_.shut_reason);
    const Outcome& answer = *standing_.outcome;
    switch (answer.verdict) {
      case Verdict::Accepted: return ended(State::Delivered);
      case Verdict::RecipientPermanent:
      case Verdict::MessagePermanent: return ended(State::Failed);
      case Verdict::TooBig:
      case Verdict::NotCarried: return standing_.shut ? parked(standing_.shut_reason) : ended(State::Failed);
      case Verdict::Temporary: return later(answer);
      case Verdict::InDoubt: return in_doubt();
      case Verdict::RouteThrottled:
      case Verdict::RouteExhausted:
      case Verdict::RouteAway:
      case Verdict::RouteBroken: return parked(standing_.route + ": " + answer.reply);
    }
    return later(answer);
  }

 private:
  UnixTime expires() const { return entry_.envelope.arrived + times_.lifetime.count(); }
  // The lifetime is over, and not all of it was spent waiting for a route: mail that a broken route kept for days is not
  // given up at the first greylisting after it.
  bool expired() const {
    if (times_.stopping || times_.now < expires()) return false;
    return entry_.recipients[out_.recipient].attempts >= least_attempts(times_.lifetime);
  }

  queue::Outcome ended(State state) {
    out_.state = state;
    return out_;
  }

  // RFC 3463 X.4.7: delivery time expired. RFC 5321 §4.5.4.1: the give-up time is at least 4 to 5 days.
  queue::Outcome give_up() {
    out_.state = State::Failed;
    out_.status = "4.4.7";
    out_.reply = "given up after " + base::human(Seconds{times_.now - entry_.envelope.arrived}) + ": " + out_.reply;
    return out_;
  }

  // The last attempt comes when the lifetime ends, not up to a whole wait later.
  queue::Outcome wait_until(UnixTime at) {
    if (times_.now < expires()) at = std::min(at, expires());
    out_.state = State::Waiting;
    out_.next_attempt = std::max(times_.now + 1, at);
    return out_;
  }

  queue::Outcome later(const Outcome& answer) {
    if (times_.stopping) return given_back();
    if (expired()) return give_up();
    const Seconds wait = retry_delay(entry_.recipients[out_.recipient].attempts + 1, times_.chance);
    return wait_until(times_.now + std::max(wait, answer.retry_after).count());
  }

  queue::Outcome in_doubt() {
    if (expired()) return give_up();
    const Seconds wait = retry_delay(entry_.recipients[out_.recipient].attempts + 1, times_.chance);
    out_.state = State::InDoubt;  // each attempt may have made a copy: they come ever more slowly
    out_.next_attempt = times_.now + std::max({times_.in_doubt_hold.count(), wait.count(), Seconds::rep{1}});
    return out_;
  }

  // House rule: a fault of the route is never one of the recipient. The mail is kept, no attempt is counted, and it is not
  // given up either, however long that lasts (relay/README.md says why).
  queue::Outcome parked(const std::string& reason) {
    out_.counts = false;
    out_.reply = std::string(kParked) + reason;
    if (out_.status.empty() || !out_.status.starts_with("4")) out_.status = "4.4.0";
    if (times_.stopping) return given_back();
    const Seconds age{times_.now - entry_.envelope.arrived};
    if (standing_.route == dsn::kLocalRoute) return wait_until(times_.now + local_delay(age).count());
    UnixTime at = times_.next_probe.value_or(times_.now + kParkedRecheck.count());
    at = std::max(at, times_.now + probe_delay(1).count());  // another mail may be probing right now
    if (standing_.outcome && standing_.outcome->about_sender) {
      at = std::max(at + kSenderAfterProbe.count(), times_.now + sender_delay(age).count());
    }
    return wait_until(at);
  }

  queue::Outcome given_back() {
    out_.state = State::Waiting;
    out_.counts = false;
    out_.next_attempt = times_.now;
    return out_;
  }

  const queue::Entry& entry_;
  const Standing& standing_;
  const Times& times_;
  queue::Outcome out_;
};

}  // namespace

void Standing::take(Outcome next, std::string_view from) {
  if (outcome && weight(next) < weight(*outcome)) return;
  // A route that could not carry it and one that failed: the failed one may carry it later.
  outcome = std::move(next);
  route = from;
}

void Standing::pass_by(std::string_view route_name, std::string_view reason) {
  shut = true;
  if (!shut_reason.empty()) shut_reason += "; ";
  shut_reason += std::string(route_name) + " " + std::string(reason);
}

queue::Outcome conclude(const queue::Entry& entry, std::size_t recipient, const Standing& standing,
                        const Times& times) {
  return Conclusion(entry, recipient, standing, times).make();
}

}  // namespace hearthmail::relay
