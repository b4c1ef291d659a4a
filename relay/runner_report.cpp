// The end of one claim: what the queue remembers, and what the sender is told.
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
using queue::State;
using store::lmdb::ReadTxn;
using store::lmdb::WriteTxn;

namespace {

void log_outcome(const queue::Entry& entry, const queue::Outcome& outcome) {
  const std::string& to = entry.recipients[outcome.recipient].address;
  log::Level level = log::Level::Info;
  std::string_view event = "sent";
  switch (outcome.state) {
    case State::Delivered: break;
    case State::Failed: event = "failed", level = log::Level::Warning; break;
    case State::InDoubt: event = "in doubt: no answer after the last octets", level = log::Level::Warning; break;
    case State::Waiting:
    case State::InFlight:
    case State::Held: event = "deferred", level = log::Level::Warning; break;
  }
  log::write(level, event,
             {{"queue_id", entry.id.value},
              {"to", to},
              {"route", outcome.route},
              {"reply", outcome.reply},
              {"status", outcome.status}});
}

// The message that a report returns: its header, or all of it.
Result<std::string> returned_part(queue::Store& store, const queue::Entry& entry, dsn::Kind kind) {
  const std::uint64_t count = dsn::returns_whole(entry.envelope, kind) ? dsn::kMostReturned : dsn::kMostHeader;
  return store.env().read([&](const ReadTxn& txn) { return queue::read_body(txn, entry.id, 0, count); });
}

// A report as the queue takes it: to the sender, from nobody (RFC 5321 §4.5.5).
struct QueuedReport {
  queue::Envelope envelope;
  std::vector<queue::Recipient> to;
  queue::PreparedBody body;
  std::vector<std::size_t> about;
};

Result<QueuedReport> make_report(queue::Store& store, dsn::Request request) {
  auto original = returned_part(store, *request.entry, request.kind);
  // A body that cannot be read any more: its sender must hear of the end all the more, then without it.
  const bool lost = !original.ok() && original.error().code == base::Errc::Corrupt;
  if (lost)
    log::error("a report returns nothing", {{"queue_id", request.entry->id.value}, {"error", original.error().text}});
  else if (!original.ok()) return original.error();
  else request.original = std::move(*original);
  QueuedReport report;
  report.envelope.arrived = request.now;
  report.envelope.smtputf8 = dsn::needs_utf8(request);
  report.envelope.eight_bit = true;
  queue::Recipient to;
  to.address = request.entry->envelope.reverse_path;
  report.to.push_back(std::move(to));
  report.body = queue::prepare_body(dsn::compose(request));
  report.about = std::move(request.recipients);
  return report;
}

// Does another report tell of one of these ends already? Two claims of one entry may end at the same time.
Result<bool> told_already(const ReadTxn& txn, base::QueueId id, const QueuedReport& report, bool delay_notice) {
  TRY_ASSIGN(const auto entry, queue::find(txn, id));
  if (!entry) return true;  // removed, or all was told
  return std::any_of(report.about.begin(), report.about.end(), [&](std::size_t i) {
    const queue::Recipient& recipient = entry->recipients[i];
    return delay_notice ? recipient.delay_notified : recipient.dsn_done;
  });
}

// Queues the report and remembers that it was made, together or not at all.
Status put_report(WriteTxn& txn, base::QueueId about, const QueuedReport& report, bool delay_notice) {
  TRY_ASSIGN(const bool told, told_already(txn, about, report, delay_notice));
  if (told) return base::ok();  // what it would say besides stays owed
  TRY_ASSIGN(const auto id, queue::enqueue(txn, report.envelope, report.to, report.body));
  (void)id;
  return queue::mark_reported(txn, about, report.about, delay_notice);
}

bool delay_is_due(const queue::Entry& entry, const queue::Outcome& outcome, base::UnixTime now, base::Seconds after) {
  const queue::Recipient& recipient = entry.recipients[outcome.recipient];
  const bool late = now - entry.envelope.arrived >= after.count() && after.count() > 0;
  return outcome.state == State::Waiting && late && !recipient.delay_notified &&
         dsn::wants_delay_notice(entry.envelope, recipient);
}

// The entry as it will be once `outcomes` are written, for the words of a report.
queue::Entry with_outcomes(queue::Entry entry, const std::vector<queue::Outcome>& outcomes) {
  for (const queue::Outcome& outcome : outcomes) {
    queue::Recipient& recipient = entry.recipients[outcome.recipient];
    recipient.reply = outcome.reply;
    recipient.status = outcome.status;
    recipient.route = outcome.route;
    if (outcome.counts) ++recipient.attempts;
  }
  return entry;
}

// What one claim ends in.
struct Ending {
  std::vector<queue::Outcome> outcomes;
  std::vector<std::size_t> passed_on;  // the next hop reports these successes itself, RFC 3461 §5.2.1
  std::vector<std::size_t> late;       // the sender is to hear of the delay
  bool ended = false;                  // some recipient's end may have to be reported
};

Ending end_of(const queue::Claim& claim, const std::vector<Standing>& standings, const Times& times,
              base::Seconds notice) {
  Ending out;
  for (std::size_t p = 0; p < standings.size(); ++p) {
    const queue::Recipient& recipient = claim.entry.recipients[claim.recipients[p]];
    queue::Outcome made = conclude(claim.entry, claim.recipients[p], standings[p], times);
    log_outcome(claim.entry, made);
    const bool success_wanted =
        (recipient.notify & queue::kNotifySuccess) != 0 && !claim.entry.envelope.reverse_path.empty();
    if (made.state == State::Delivered && success_wanted && standings[p].outcome->dsn_passed_on) {
      out.passed_on.push_back(made.recipient);
    } else if (made.state == State::Delivered || made.state == State::Failed) {
      out.ended = true;
    }
    if (delay_is_due(claim.entry, made, times.now, notice)) out.late.push_back(made.recipient);
    out.outcomes.push_back(std::move(made));
  }
  return out;
}

// The delay notice, if one is due. When it cannot be made the mail still goes on; the next attempt tries again.
std::optional<QueuedReport> make_notice(queue::Store& store, const queue::Entry& entry, const Ending& ending,
                                        const Times& times, const std::string& hostname) {
  if (ending.late.empty()) return std::nullopt;
  const queue::Entry known = with_outcomes(entry, ending.outcomes);
  const base::UnixTime gives_up = entry.envelope.arrived + times.lifetime.count();
  auto report = make_report(store, {dsn::Kind::Delayed, &known, ending.late, hostname, times.now, gives_up, ""});
  if (report.ok()) return std::move(*report);
  log::error("cannot make a delay notice", {{"queue_id", entry.id.value}, {"error", report.error().text}});
  return std::nullopt;
}

// Everything about one claim in one transaction.
Status write_ending(WriteTxn& txn, base::QueueId id, const Ending& ending, const std::optional<QueuedReport>& notice,
                    base::UnixTime now) {
  TRY(queue::finish(txn, id, ending.outcomes, now));
  if (!ending.passed_on.empty()) TRY(queue::mark_reported(txn, id, ending.passed_on, false));
  if (notice) TRY(put_report(txn, id, *notice, true));
  return base::ok();
}

// The reports that are owed about an entry: one about its failures, one about its successes.
Result<std::vector<QueuedReport>> owed_reports(queue::Store& store, const queue::Entry& entry,
                                               const std::string& hostname, base::UnixTime now) {
  std::vector<QueuedReport> reports;
  for (const dsn::Kind kind : {dsn::Kind::Failed, dsn::Kind::Success}) {
    const State state = kind == dsn::Kind::Failed ? State::Failed : State::Delivered;
    std::vector<std::size_t> about;
    for (std::size_t i = 0; i < entry.recipients.size(); ++i) {
      if (entry.recipients[i].state == state && !entry.recipients[i].dsn_done) about.push_back(i);
    }
    if (about.empty()) continue;
    TRY_ASSIGN(auto report, make_report(store, {kind, &entry, std::move(about), hostname, now, 0, ""}));
    reports.push_back(std::move(report));
  }
  return reports;
}

Status put_reports(WriteTxn& txn, base::QueueId about, const std::vector<QueuedReport>& reports) {
  for (const QueuedReport& report : reports) TRY(put_report(txn, about, report, false));
  return base::ok();
}

}  // namespace

Task<void> Runner::conclude_work(Work& work) {
  const queue::Entry& entry = work.claim.entry;
  const base::QueueId id = entry.id;
  const base::UnixTime now = clock_.now();
  const Times times{now, options_.queue_lifetime, options_.in_doubt_hold, book_.earliest(now), chance_(), stopping_};
  const Ending ending = end_of(work.claim, work.standings, times, options_.delay_notice);
  const auto notice = make_notice(queue_, entry, ending, times, options_.hostname);
  const auto write = [&](WriteTxn& txn) { return write_ending(txn, id, ending, notice, now); };
  base::sync_point("before-queue-delete");
  auto written = co_await queue_.env().write_async(write);
  if (!written.ok()) {
    // Removed by the operator meanwhile, or the disk is full: the lease returns it, or it stays in doubt.
    log::error("cannot record the outcome", {{"queue_id", id.value}, {"error", written.error().text}});
    co_return;
  }
  base::sync_point("after-queue-delete");
  if (ending.ended) {
    auto reported = co_await report_ended(id);
    if (!reported.ok()) log::error("cannot make a report", {{"queue_id", id.value}, {"error", reported.error().text}});
  }
  if (wake_ && (notice || ending.ended)) wake_();
}

Task<Status> Runner::report_ended(base::QueueId id) {
  const auto found = queue_.env().read([id](const ReadTxn& txn) { return queue::find(txn, id); });
  if (!found.ok()) co_return found.error();
  if (!found->has_value()) co_return base::ok();  // all ended and nothing is owed: the entry is gone
  const auto reports = owed_reports(queue_, **found, options_.hostname, clock_.now());
  if (!reports.ok()) co_return reports.error();
  if (reports->empty()) co_return base::ok();
  const auto write = [&](WriteTxn& txn) { return put_reports(txn, id, *reports); };
  base::sync_point("before-dsn-enqueue");
  auto written = co_await queue_.env().write_async(write);
  base::sync_point("dsn-enqueued");
  if (written.ok()) log::info("report queued", {{"about", id.value}, {"to", (*found)->envelope.reverse_path}});
  co_return written;
}

}  // namespace hearthmail::relay
