// Runner: the relay's heart. Takes what is due from the queue, splits the recipients into our own (LMTP to the receiver) and
// others (the routes, in order), writes down what became of each, makes reports, and lets failing routes rest.
//
// Everything runs on one loop; the queue's writer thread commits. At-least-once: a mail may go out twice only when the
// connection breaks after the final dot, and then not before in_doubt_hold has passed. To our own receiver exactly once: it
// knows the entry's delivery_id again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "common/net/loop.hpp"
#include "relay/carrier.hpp"
#include "relay/conclude.hpp"
#include "relay/route.hpp"
#include "relay/slots.hpp"
#include "store/accounts/accounts.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::relay {

// How long a claim belongs to this relay; renewed every kLeaseRenewal while it is worked on.
constexpr base::Seconds kLease{5 * 60};
constexpr base::Seconds kLeaseRenewal{60};
// Entries that are worked on at once. How many of them send is up to the routes' connections; the others have their claim
// committed already, or wait for the commit of what became of them.
constexpr std::size_t kMostAtOnce = 128;
// Not fewer are claimed in one commit while others are worked on, unless fewer are due.
constexpr std::size_t kClaimAtLeast = kMostAtOnce / 4;
// How long sends may go on after stop(), before their connections are closed.
constexpr base::Seconds kStopGrace{20};
// Recipients in one LMTP transaction with our own receiver, RFC 5321 §4.5.3.1.8.
constexpr std::size_t kLocalRecipients = 100;

struct RunnerRoute {
  std::string name;
  std::unique_ptr<Carrier> carrier;
  std::uint32_t max_recipients = 50;  // per transaction
  std::uint32_t connections = 4;      // at once
};

struct RunnerOptions {
  std::string hostname;  // Reporting-MTA of reports
  base::Seconds queue_lifetime{std::chrono::hours(24 * 5)};
  base::Seconds delay_notice{std::chrono::hours(4)};
  base::Seconds in_doubt_hold{std::chrono::minutes(15)};
};

// The stores and the clock must outlive it. `chance` gives numbers from 0 to 1 for the jitter.
class Runner {
 public:
  Runner(store::queue::Store& queue, store::accounts::Store& accounts, const base::Clock& clock, RunnerOptions options,
         std::unique_ptr<Carrier> local, std::vector<RunnerRoute> routes, std::function<double()> chance);
  ~Runner();

  // Gives leases back (no other relay runs), makes the reports that a killed relay still owed, learns of the pauses.
  base::Task<base::Status> start();
  // Serves until stop(): wakes at `wake`, when something is due, and to renew leases. Returns when no send is left.
  base::Task<void> serve(net::Loop& loop, net::Signal& wake);
  void stop();

  // Claims what is due now and works it off, one entry after the other; returns how many. serve() does the same side by side.
  base::Task<std::size_t> run_due();

 private:
  using Claim = store::queue::Claim;
  // The recipients of one claim on their way: where each stands.
  struct Work {
    Claim claim;
    std::vector<Standing> standings;  // parallel to claim.recipients
  };

  // runner.cpp
  base::Task<std::vector<Claim>> claim(std::size_t most);
  base::Task<void> start_due();
  base::Task<void> work_detached(Claim claim);
  base::Task<void> renew_leases();
  base::Task<void> drain(net::Loop& loop);
  base::Task<void> quit_idle();
  bool may_claim() const { return in_flight_.size() + kClaimAtLeast <= kMostAtOnce; }
  std::chrono::milliseconds nap() const;

  // runner_send.cpp
  base::Task<void> work(Claim claim);
  base::Task<void> send_local(Work& work, std::vector<std::size_t> positions);
  base::Task<void> send_out(Work& work, std::vector<std::size_t> positions);
  base::Task<void> try_route(Work& work, std::size_t route, std::vector<std::size_t> positions);
  base::Task<std::vector<Outcome>> offer(Carrier& carrier, const Work& work, std::vector<std::size_t> positions);
  base::Task<base::Status> commit_in_doubt(base::QueueId id, std::vector<std::size_t> recipients);
  Parcel parcel_of(const Work& work, const std::vector<std::size_t>& positions) const;
  base::Result<bool> is_local(const std::string& address) const;

  // runner_routes.cpp
  base::Task<void> refresh_pauses();
  base::Task<void> note_fault(std::size_t route, Outcome outcome);
  base::Task<void> note_recovered(std::size_t route);
  base::Task<void> unpark();

  // runner_report.cpp
  base::Task<void> conclude_work(Work& work);
  base::Task<base::Status> report_ended(base::QueueId id);

  store::queue::Store& queue_;
  store::accounts::Store& accounts_;
  const base::Clock& clock_;
  RunnerOptions options_;
  std::unique_ptr<Carrier> local_;
  std::vector<RunnerRoute> routes_;
  std::vector<std::unique_ptr<Slots>> slots_;  // parallel to routes_
  Slots local_slots_;
  std::function<double()> chance_;
  RouteBook book_;
  std::vector<std::string> pause_reasons_;  // parallel to routes_, for words
  std::set<std::uint64_t> in_flight_;       // ids of entries worked on
  std::function<void()> wake_;              // raises serve()'s signal
  base::UnixTime renewed_ = 0;
  int pauses_in_writing_ = 0;  // while > 0 the database is behind book_
  bool stopping_ = false;
};

}  // namespace hearthmail::relay
