// Outcome: what one attempt means for one recipient, whichever way the mail was offered. SMTP replies and HTTP answers are
// translated into it by one table each (relay/smtp/classify, relay/http/ses, relay/http/mailgun); the runner acts on it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace hearthmail::relay {

// A fault of the route is never a fault of the recipient: only the two Permanent verdicts make a failure report at once.
enum class Verdict {
  Accepted,            // the next hop took the responsibility
  RecipientPermanent,  // this recipient is refused for good
  MessagePermanent,    // the message (or its sender) is refused for good
  Temporary,           // try again later
  RouteThrottled,      // the route asks for fewer mails: pause it, for retry_after when told
  RouteExhausted,      // the route's quota of the day or month is used up
  RouteAway,           // connect, TLS or 421: the route does not answer now
  RouteBroken,         // wrong password, unverified sender, no credits: the operator must act; the mail is kept
  TooBig,              // too big for this route; another may take it
  NotCarried,          // this route cannot carry it (SMTPUTF8, 8-bit, null sender); another may
  InDoubt,             // the last octets were sent, no answer was seen
};

struct Outcome {
  Verdict verdict = Verdict::Temporary;
  std::string reply;                    // the peer's answer in one printable line, or our words for what happened
  std::string status;                   // enhanced code, RFC 3463
  std::chrono::seconds retry_after{0};  // as the peer told; 0: ours to choose
  bool another_route = false;           // Temporary: nothing was handed over, so the next route may be tried at once
  bool again_at_once = false;           // Temporary: only this transaction was full (452 4.5.3), RFC 5321 §4.5.3.1.10
  bool about_sender = false;            // RouteBroken: for mail of this sender
  bool dsn_passed_on = false;           // Accepted: the next hop reports success itself, RFC 3461 §5.2.1
};

inline std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::Accepted: return "accepted";
    case Verdict::RecipientPermanent: return "recipient-permanent";
    case Verdict::MessagePermanent: return "message-permanent";
    case Verdict::Temporary: return "temporary";
    case Verdict::RouteThrottled: return "route-throttled";
    case Verdict::RouteExhausted: return "route-exhausted";
    case Verdict::RouteAway: return "route-away";
    case Verdict::RouteBroken: return "route-broken";
    case Verdict::TooBig: return "too-big";
    case Verdict::NotCarried: return "not-carried";
    case Verdict::InDoubt: return "in-doubt";
  }
  return "unknown";
}

// The route is to be paused.
inline bool is_route_fault(Verdict verdict) {
  return verdict == Verdict::RouteThrottled || verdict == Verdict::RouteExhausted || verdict == Verdict::RouteAway ||
         verdict == Verdict::RouteBroken;
}

// The next route in order may be tried with this recipient: nothing was handed over.
inline bool tries_next_route(const Outcome& outcome) {
  if (is_route_fault(outcome.verdict)) return true;
  if (outcome.verdict == Verdict::TooBig || outcome.verdict == Verdict::NotCarried) return true;
  return outcome.verdict == Verdict::Temporary && outcome.another_route;
}

}  // namespace hearthmail::relay
