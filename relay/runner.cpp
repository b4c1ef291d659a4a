#include "relay/runner.hpp"

#include <algorithm>
#include <utility>

#include "common/base/sync_point.hpp"
#include "common/log/log.hpp"

namespace hearthmail::relay {

namespace queue = store::queue;
using base::Status;
using base::Task;
using store::lmdb::ReadTxn;
using store::lmdb::WriteTxn;

namespace {

constexpr std::size_t kLocalConnections = 4;         // to our own receiver, at once
constexpr std::chrono::milliseconds kDrainStep{50};  // how often stop looks whether the sends have ended
constexpr std::chrono::milliseconds kShortestNap{1'000};
constexpr std::size_t kReportsAtStart = 10'000;  // entries

std::vector<std::string> names_of(const std::vector<RunnerRoute>& routes) {
  std::vector<std::string> names;
  for (const RunnerRoute& route : routes) names.push_back(route.name);
  return names;
}

}  // namespace

Runner::Runner(queue::Store& queue, store::accounts::Store& accounts, const base::Clock& clock, RunnerOptions options,
               std::unique_ptr<Carrier> local, std::vector<RunnerRoute> routes, std::function<double()> chance)
    : queue_(queue),
      accounts_(accounts),
      clock_(clock),
      options_(std::move(options)),
      local_(std::move(local)),
      routes_(std::move(routes)),
      local_slots_(kLocalConnections),
      chance_(std::move(chance)),
      book_(names_of(routes_)),
      pause_reasons_(routes_.size()) {
  for (const RunnerRoute& route : routes_) {
    slots_.push_back(std::make_unique<Slots>(std::max<std::uint32_t>(route.connections, 1)));
  }
}

Runner::~Runner() = default;

Task<Status> Runner::start() {
  const base::UnixTime now = clock_.now();
  const auto release = [now](WriteTxn& txn) { return queue::release_leases(txn, now); };
  auto released = co_await queue_.env().write_async(release);
  if (!released.ok()) co_return released.error();
  if (*released > 0) log::info("leases of an earlier run given back", {{"entries", *released}});
  co_await refresh_pauses();
  auto owed = queue_.env().read([](const ReadTxn& txn) { return queue::list_unreported(txn, kReportsAtStart); });
  if (!owed.ok()) co_return owed.error();
  for (const queue::Entry& entry : *owed) {
    const base::QueueId id = entry.id;
    auto reported = co_await report_ended(id);
    // It stays owed; one bad record must not keep all the other mail from going out.
    if (!reported.ok()) log::error("cannot make a report", {{"queue_id", id.value}, {"error", reported.error().text}});
  }
  co_return base::ok();
}

// Takes due entries under a lease. An entry that is still being worked on here (its in-doubt hold was shorter than the
// peer's answer took) is left to the work under way.
Task<std::vector<queue::Claim>> Runner::claim(std::size_t most) {
  const base::UnixTime now = clock_.now();
  const auto take = [now, most](WriteTxn& txn) { return queue::claim_due(txn, now, now + kLease.count(), most); };
  auto claims = co_await queue_.env().write_async(take);
  if (!claims.ok()) {
    log::error("cannot claim from the queue", {{"error", claims.error().text}});
    co_return std::vector<Claim>{};
  }
  if (!claims->empty()) base::sync_point("after-claim");
  std::vector<Claim> fresh;
  for (Claim& one : *claims) {
    if (!in_flight_.insert(one.entry.id.value).second) continue;
    fresh.push_back(std::move(one));
  }
  co_return fresh;
}

Task<std::size_t> Runner::run_due() {
  co_await refresh_pauses();
  auto claims = co_await claim(kMostAtOnce);
  const std::size_t count = claims.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t id = claims[i].entry.id.value;
    Claim one = std::move(claims[i]);
    co_await work(std::move(one));
    in_flight_.erase(id);
  }
  co_return count;
}

Task<void> Runner::work_detached(Claim claim) {
  const std::uint64_t id = claim.entry.id.value;
  co_await work(std::move(claim));
  in_flight_.erase(id);
  if (wake_ && may_claim()) wake_();
}

Task<void> Runner::start_due() {
  if (!may_claim()) co_return;
  const std::size_t most = kMostAtOnce - in_flight_.size();
  auto claims = co_await claim(most);
  for (Claim& one : claims) base::spawn(work_detached(std::move(one)));
}

Task<void> Runner::renew_leases() {
  const base::UnixTime now = clock_.now();
  if (in_flight_.empty() || now - renewed_ < kLeaseRenewal.count()) co_return;
  renewed_ = now;
  const std::vector<std::uint64_t> ids(in_flight_.begin(), in_flight_.end());
  for (const std::uint64_t id : ids) {
    const auto extend = [id, now](WriteTxn& txn) {
      return queue::extend_lease(txn, base::QueueId{id}, now + kLease.count());
    };
    auto extended = co_await queue_.env().write_async(extend);
    if (!extended.ok()) log::warning("cannot renew a lease", {{"queue_id", id}, {"error", extended.error().text}});
  }
}

// How long serve() may sleep when nobody wakes it.
std::chrono::milliseconds Runner::nap() const {
  const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(kLeaseRenewal);
  if (!may_claim()) return longest;
  const auto due = queue_.env().read([](const ReadTxn& txn) { return queue::next_due(txn); });
  if (!due.ok() || !due->has_value()) return longest;
  const std::chrono::milliseconds left = base::Seconds{**due - clock_.now()};
  return std::clamp(left, kShortestNap, longest);
}

Task<void> Runner::serve(net::Loop& loop, net::Signal& wake) {
  wake_ = [&wake] { wake.raise(); };
  while (!stopping_) {
    co_await refresh_pauses();
    co_await start_due();
    co_await renew_leases();
    if (stopping_) break;
    const std::chrono::milliseconds limit = nap();
    auto woken = co_await wake.wait(limit);
    if (!woken && in_flight_.empty()) {
      co_await quit_idle();
    }
  }
  co_await drain(loop);
  wake_ = nullptr;
}

// Ends connections that nobody uses now.
Task<void> Runner::quit_idle() {
  co_await local_->quit();
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    Carrier& carrier = *routes_[i].carrier;
    co_await carrier.quit();
  }
}

void Runner::stop() {
  stopping_ = true;
  if (wake_) wake_();
}

// Sends get kStopGrace to end; then their connections are closed and what was not decided is given back to the queue.
Task<void> Runner::drain(net::Loop& loop) {
  const auto end = clock_.steady() + kStopGrace;
  while (!in_flight_.empty() && clock_.steady() < end) {
    co_await loop.sleep(kDrainStep);
  }
  if (!in_flight_.empty())
    log::warning("stopping: closing connections of sends under way", {{"sends", in_flight_.size()}});
  local_->close();
  for (RunnerRoute& route : routes_) route.carrier->close();
  while (!in_flight_.empty()) {
    co_await loop.sleep(kDrainStep);
  }
  co_await quit_idle();
  const base::UnixTime now = clock_.now();
  const auto release = [now](WriteTxn& txn) { return queue::release_leases(txn, now); };
  auto released = co_await queue_.env().write_async(release);
  if (!released.ok()) log::warning("cannot give leases back", {{"error", released.error().text}});
}

}  // namespace hearthmail::relay
