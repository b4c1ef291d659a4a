// How routes come to rest and wake up again: in the runner's book, and in the queue's database for the operator to see.
#include <algorithm>
#include <utility>

#include "common/log/log.hpp"
#include "relay/runner.hpp"

namespace hearthmail::relay {

namespace queue = store::queue;
using base::Status;
using base::Task;
using store::lmdb::ReadTxn;
using store::lmdb::WriteTxn;

namespace {

constexpr std::size_t kMostUnparked = 10'000;  // entries that are looked at when a route opens
constexpr base::UnixTime kDay = 24 * 60 * 60;  // seconds
// A quota that is used up is looked at again at midnight UTC, when most providers begin a new day, and every hour: some
// count the last 24 hours, and one refused mail costs nothing.
constexpr base::Seconds kExhaustedRecheck{60 * 60};

base::Seconds rest_told(const Outcome& outcome, base::UnixTime now) {
  if (outcome.verdict != Verdict::RouteExhausted || outcome.retry_after.count() > 0) return outcome.retry_after;
  return std::min(kExhaustedRecheck, base::Seconds{kDay - now % kDay});
}

std::string advice(const Outcome& outcome, const std::string& route) {
  switch (outcome.verdict) {
    case Verdict::RouteBroken:
      if (outcome.about_sender) return "verify this sender at the provider; mail is kept";
      return "check the settings relay." + route +
             ".* and the account at the provider, then run `hearthmail route resume " + route + "`; mail is kept";
    case Verdict::RouteExhausted: return "the quota is used up; mail is kept until it is renewed";
    case Verdict::RouteThrottled: return "the provider asks to send slower; mail is kept";
    case Verdict::RouteAway: return "the route does not answer; mail is kept";
    case Verdict::Accepted:
    case Verdict::RecipientPermanent:
    case Verdict::MessagePermanent:
    case Verdict::Temporary:
    case Verdict::TooBig:
    case Verdict::NotCarried:
    case Verdict::InDoubt: break;
  }
  return {};
}

bool waits_for_a_route(const queue::Entry& entry) {
  bool parked = false;
  for (const queue::Recipient& one : entry.recipients) {
    // retry_now would also free what the operator holds, and hurry what is in doubt.
    if (one.state == queue::State::Held || one.state == queue::State::InDoubt) return false;
    if (one.state == queue::State::Waiting && one.reply.starts_with(kParked)) parked = true;
  }
  return parked;
}

Status clear_pause(WriteTxn& txn, const std::string& route) {
  TRY_ASSIGN(const auto pauses, queue::list_pauses(txn));
  for (const queue::RoutePause& pause : pauses) {
    if (pause.route == route && !pause.by_operator) return queue::resume_route(txn, route);
  }
  return base::ok();
}

Status hurry_parked(WriteTxn& txn, base::UnixTime now) {
  TRY_ASSIGN(const auto entries, queue::list(txn, kMostUnparked));
  for (const queue::Entry& entry : entries) {
    if (waits_for_a_route(entry)) TRY(queue::retry_now(txn, entry.id, now));
  }
  return base::ok();
}

}  // namespace

// Reads the pauses again: the operator may have set or lifted one.
Task<void> Runner::refresh_pauses() {
  if (pauses_in_writing_ > 0) co_return;
  const auto pauses = queue_.env().read([](const ReadTxn& txn) { return queue::list_pauses(txn); });
  if (!pauses.ok()) {
    log::error("cannot read the routes' pauses", {{"error", pauses.error().text}});
    co_return;
  }
  book_.begin_load();
  for (std::string& reason : pause_reasons_) reason.clear();
  for (const queue::RoutePause& pause : *pauses) {
    book_.load(pause.route, pause.by_operator ? 0 : pause.until, pause.by_operator);
    for (std::size_t i = 0; i < routes_.size(); ++i) {
      if (routes_[i].name == pause.route) pause_reasons_[i] = pause.reason;
    }
  }
  if (book_.end_load()) {
    co_await unpark();
  }
}

Task<void> Runner::note_fault(std::size_t route, Outcome outcome) {
  if (stopping_) co_return;  // we closed the connection ourselves
  const base::UnixTime now = clock_.now();
  queue::RoutePause pause;
  pause.route = routes_[route].name;
  pause.reason = outcome.reply + " (" + advice(outcome, pause.route) + ")";
  pause.since = now;
  pause.until = book_.fault(route, now, rest_told(outcome, now));
  pause_reasons_[route] = pause.reason;
  const auto level = outcome.verdict == Verdict::RouteBroken ? log::Level::Error : log::Level::Warning;
  log::write(level, "route paused",
             {{"route", pause.route},
              {"verdict", name(outcome.verdict)},
              {"reason", pause.reason},
              {"until", base::rfc3339(pause.until)}});
  ++pauses_in_writing_;
  const auto put = [pause](WriteTxn& txn) { return queue::pause_route(txn, pause); };
  auto written = co_await queue_.env().write_async(put);
  --pauses_in_writing_;
  if (!written.ok()) log::error("cannot write a route's pause", {{"error", written.error().text}});
}

Task<void> Runner::note_recovered(std::size_t route) {
  if (!book_.recovered(route)) co_return;
  const std::string route_name = routes_[route].name;
  pause_reasons_[route].clear();
  log::info("route works again", {{"route", route_name}});
  ++pauses_in_writing_;
  const auto clear = [route_name](WriteTxn& txn) { return clear_pause(txn, route_name); };
  auto written = co_await queue_.env().write_async(clear);
  --pauses_in_writing_;
  if (!written.ok()) log::error("cannot lift a route's pause", {{"error", written.error().text}});
  co_await unpark();
}

// A route has opened: what waited for one is due now.
Task<void> Runner::unpark() {
  const base::UnixTime now = clock_.now();
  const auto hurry = [now](WriteTxn& txn) { return hurry_parked(txn, now); };
  auto done = co_await queue_.env().write_async(hurry);
  if (!done.ok()) log::warning("cannot hurry mail that waits for a route", {{"error", done.error().text}});
  if (wake_) wake_();
}

}  // namespace hearthmail::relay
