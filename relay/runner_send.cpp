// One claim on its way: our own recipients to the receiver, the others to the routes in order.
#include <algorithm>
#include <utility>

#include "common/base/sync_point.hpp"
#include "common/log/log.hpp"
#include "relay/dsn/report.hpp"
#include "relay/queue_body.hpp"
#include "relay/runner.hpp"

namespace hearthmail::relay {

namespace queue = store::queue;
using base::Result;
using base::Status;
using base::Task;
using store::lmdb::ReadTxn;
using store::lmdb::WriteTxn;

namespace {

// The parameter of RCPT, RFC 3461 §4.1; empty when it was not given.
std::string notify_text(std::uint8_t notify) {
  if ((notify & queue::kNotifyNever) != 0) return "NEVER";
  std::string out;
  const auto add = [&out](std::string_view word) { out += (out.empty() ? "" : ",") + std::string(word); };
  if ((notify & queue::kNotifySuccess) != 0) add("SUCCESS");
  if ((notify & queue::kNotifyFailure) != 0) add("FAILURE");
  if ((notify & queue::kNotifyDelay) != 0) add("DELAY");
  return out;
}

std::string ret_text(queue::Ret ret) {
  switch (ret) {
    case queue::Ret::Default: return "";
    case queue::Ret::Full: return "FULL";
    case queue::Ret::Headers: return "HDRS";
  }
  return "";
}

// The first `most` of `all`, which are taken out of it.
std::vector<std::size_t> take_batch(std::vector<std::size_t>& all, std::size_t most) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::vector<std::size_t> batch(all.begin(), all.begin() + count);
  all.erase(all.begin(), all.begin() + count);
  return batch;
}

Outcome accounts_trouble(const base::Error& error) {
  Outcome out;
  out.reply = "local error: " + error.text;
  out.status = "4.3.0";
  return out;
}

// Our own receiver has no pauses and no second route: when it is away its mail waits for it.
Outcome local_outcome(Outcome outcome) {
  if (is_route_fault(outcome.verdict)) outcome.verdict = Verdict::RouteAway;
  const bool cannot = outcome.verdict == Verdict::TooBig || outcome.verdict == Verdict::NotCarried;
  if (cannot) outcome.verdict = Verdict::MessagePermanent;
  return outcome;
}

void reached_after_send(const std::vector<Outcome>& outcomes, bool local) {
  const bool took_some = std::any_of(outcomes.begin(), outcomes.end(),
                                     [](const Outcome& one) { return one.verdict == Verdict::Accepted; });
  if (took_some && local) base::sync_point("after-lmtp-250");
  if (took_some && !local) base::sync_point("after-smarthost-250");
}

bool says_the_route_works(const Outcome& outcome) {
  return outcome.verdict == Verdict::Accepted || outcome.verdict == Verdict::RecipientPermanent ||
         outcome.verdict == Verdict::MessagePermanent || outcome.verdict == Verdict::TooBig ||
         outcome.verdict == Verdict::NotCarried;
}

// A route that took some recipients of this very message works: its refusal of another one ("relaying denied") concerns
// that one only, and it waits like any temporary failure.
void soften(std::vector<Outcome>& outcomes) {
  const bool took_some = std::any_of(outcomes.begin(), outcomes.end(),
                                     [](const Outcome& one) { return one.verdict == Verdict::Accepted; });
  if (!took_some) return;
  for (Outcome& one : outcomes) {
    if (one.verdict != Verdict::RouteBroken) continue;
    one.verdict = Verdict::Temporary;
    one.another_route = true;
  }
}

// What the answers to one transaction say together.
struct Batch {
  std::optional<Outcome> fault;    // of the route
  bool answered = false;           // the route works
  std::vector<std::size_t> again;  // positions that only this transaction had no room for
};

// Enters each answer into its recipient's standing.
Batch absorb(std::vector<Standing>& standings, const std::vector<std::size_t>& batch, std::vector<Outcome> outcomes,
             std::string_view route) {
  Batch out;
  bool progress = false;
  for (const Outcome& one : outcomes) {
    if (is_route_fault(one.verdict) && !out.fault) out.fault = one;
    out.answered = out.answered || says_the_route_works(one);
    progress = progress || !one.again_at_once;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const bool again = outcomes[i].again_at_once && progress && !out.fault;
    if (again) out.again.push_back(batch[i]);
    else standings[batch[i]].take(std::move(outcomes[i]), route);
  }
  return out;
}

}  // namespace

Result<bool> Runner::is_local(const std::string& address) const {
  const std::size_t at = address.rfind('@');
  if (at == std::string::npos) return true;  // "postmaster", RFC 5321 §4.5.1
  const std::string domain = address.substr(at + 1);
  return accounts_.env().read([&domain](const ReadTxn& txn) { return store::accounts::is_local_domain(txn, domain); });
}

Task<void> Runner::work(Claim claim) {
  Work under_way;
  under_way.claim = std::move(claim);
  under_way.standings.resize(under_way.claim.recipients.size());
  std::vector<std::size_t> ours;
  std::vector<std::size_t> others;
  for (std::size_t p = 0; p < under_way.claim.recipients.size(); ++p) {
    const auto local = is_local(under_way.claim.entry.recipients[under_way.claim.recipients[p]].address);
    if (!local.ok()) under_way.standings[p].take(accounts_trouble(local.error()), dsn::kLocalRoute);
    else (*local ? ours : others).push_back(p);
  }
  if (!ours.empty()) {
    co_await send_local(under_way, std::move(ours));
  }
  if (!others.empty()) {
    co_await send_out(under_way, std::move(others));
  }
  co_await conclude_work(under_way);
}

Task<void> Runner::send_local(Work& work, std::vector<std::size_t> positions) {
  while (!positions.empty() && !stopping_) {
    const std::vector<std::size_t> batch = take_batch(positions, kLocalRecipients);
    co_await local_slots_.acquire();
    auto outcomes = co_await offer(*local_, work, batch);
    local_slots_.release();
    for (Outcome& one : outcomes) one = local_outcome(std::move(one));
    const Batch done = absorb(work.standings, batch, std::move(outcomes), dsn::kLocalRoute);
    positions.insert(positions.end(), done.again.begin(), done.again.end());
  }
}

// Every route in order, until each recipient has an answer that no other route could change.
Task<void> Runner::send_out(Work& work, std::vector<std::size_t> positions) {
  for (std::size_t route = 0; route < routes_.size() && !positions.empty() && !stopping_; ++route) {
    co_await try_route(work, route, positions);
    std::erase_if(positions, [&work](std::size_t p) { return work.standings[p].decided(); });
  }
  if (!routes_.empty()) co_return;
  for (const std::size_t p : positions) {
    work.standings[p].pass_by("none", "is configured: set relay.routes, for example to capture:");
  }
}

Task<void> Runner::try_route(Work& work, std::size_t route, std::vector<std::size_t> positions) {
  RunnerRoute& way = routes_[route];
  Slots& slots = *slots_[route];
  co_await slots.acquire();
  const RouteBook::Gate gate = stopping_ ? RouteBook::Gate::Shut : book_.enter(route, clock_.now());
  bool shut = gate == RouteBook::Gate::Shut;
  bool answered = false;
  while (!positions.empty() && !shut && !stopping_) {
    const std::vector<std::size_t> batch = take_batch(positions, std::max<std::uint32_t>(way.max_recipients, 1));
    auto outcomes = co_await offer(*way.carrier, work, batch);
    soften(outcomes);
    const Batch done = absorb(work.standings, batch, std::move(outcomes), way.name);
    positions.insert(positions.end(), done.again.begin(), done.again.end());
    answered = done.answered && !done.fault;
    if (done.fault) {
      co_await note_fault(route, *done.fault);
      shut = true;
    }
  }
  slots.release();
  for (const std::size_t p : positions) work.standings[p].pass_by(way.name, pause_reasons_[route]);
  if (answered) {
    co_await note_recovered(route);
  } else if (gate == RouteBook::Gate::Probe && !shut) {
    book_.abandon(route);
  }
}

Parcel Runner::parcel_of(const Work& work, const std::vector<std::size_t>& positions) const {
  const queue::Entry& entry = work.claim.entry;
  Parcel parcel;
  parcel.id = entry.id;
  parcel.eight_bit_declared = entry.envelope.eight_bit;
  parcel.envelope.reverse_path = entry.envelope.reverse_path;
  parcel.envelope.octets = entry.envelope.octets;
  parcel.envelope.smtputf8 = entry.envelope.smtputf8;
  parcel.envelope.envid = entry.envelope.envid;
  parcel.envelope.ret = ret_text(entry.envelope.ret);
  parcel.envelope.delivery_id = entry.delivery_id;
  for (const std::size_t p : positions) {
    const queue::Recipient& to = entry.recipients[work.claim.recipients[p]];
    parcel.envelope.recipients.push_back({to.address, to.original, notify_text(to.notify)});
  }
  parcel.open_body = [this, id = entry.id, octets = entry.envelope.octets,
                      kept = std::make_shared<std::string>()]() -> std::unique_ptr<smtp::BodySource> {
    return std::make_unique<QueueBody>(queue_, id, octets, kept);
  };
  return parcel;
}

Task<std::vector<Outcome>> Runner::offer(Carrier& carrier, const Work& work, std::vector<std::size_t> positions) {
  const Parcel parcel = parcel_of(work, positions);
  const base::QueueId id = parcel.id;
  const BeforeLast before = [this, &work, &positions, id](const std::vector<std::size_t>& accepted) {
    std::vector<std::size_t> recipients;
    for (const std::size_t a : accepted) recipients.push_back(work.claim.recipients[positions[a]]);
    return commit_in_doubt(id, std::move(recipients));
  };
  auto outcomes = co_await carrier.send(parcel, before);
  reached_after_send(outcomes, &carrier == local_.get());
  outcomes.resize(positions.size());
  co_return outcomes;
}

Task<Status> Runner::commit_in_doubt(base::QueueId id, std::vector<std::size_t> recipients) {
  const base::UnixTime again_at = clock_.now() + options_.in_doubt_hold.count();
  const auto mark = [id, &recipients, again_at](WriteTxn& txn) {
    if (base::fault("delete-before-commit")) return queue::remove(txn, id);  // what tests/crash must notice
    if (base::fault("send-unmarked")) return base::ok();
    return queue::mark_in_doubt(txn, id, recipients, again_at);
  };
  base::sync_point("before-mark-in-doubt");
  auto marked = co_await queue_.env().write_async(mark);
  base::sync_point("after-in-doubt");
  co_return marked;
}

}  // namespace hearthmail::relay
