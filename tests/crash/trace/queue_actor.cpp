#include "tests/crash/trace/queue_actor.hpp"

#include <algorithm>

#include "common/crypto/digest.hpp"

namespace hearthmail::crash {

using base::Errc;
using base::Error;
using base::QueueId;
using base::Result;
using base::Status;
namespace queue = store::queue;
namespace accounts = store::accounts;

namespace {

constexpr std::size_t kMostEntries = 60;  // in the queue at once: an image is read as a whole

Result<Objects> touched_entries(const store::lmdb::ReadTxn& txn, const std::vector<QueueId>& ids) {
  Objects touched;
  for (const auto id : ids) {
    TRY_ASSIGN(touched[entry_object(id)], entry_state(txn, id));
  }
  return touched;
}

}  // namespace

Status QueueActor::run(unsigned operations) {
  for (unsigned i = 0; i < operations; ++i) {
    now_ += static_cast<base::UnixTime>(below(60));
    const auto what = below(100);
    if (what < 30) TRY(enqueue());
    else if (what < 33) TRY(refuse());
    else if (what < 55) TRY(claim());
    else if (what < 67) TRY(mark_in_doubt());
    else if (what < 87) TRY(finish());
    else if (what < 92) TRY(report());
    else if (what < 99) TRY(operate_by_hand());
    else TRY(release());
  }
  return base::ok();
}

Status QueueActor::enqueue() {
  const std::string text = letter(letter_size());
  const auto body = queue::prepare_body(text);
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    TRY_ASSIGN(const auto waiting, queue::count(txn));
    if (waiting > kMostEntries) {
      TRY_ASSIGN(const auto oldest, queue::list(txn, 1));
      TRY(queue::remove(txn, oldest.front().id));
      return touched_entries(txn, {oldest.front().id});
    }
    queue::Envelope envelope;
    envelope.reverse_path = name_ + "@example.test";
    envelope.account.value = 1;
    envelope.arrived = now_;
    envelope.message_id = "<" + std::to_string(letters_) + "." + name_ + "@example.test>";
    std::vector<queue::Recipient> to(1 + below(3));
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i].address = "friend" + std::to_string(i) + "@far.example";
      to[i].notify = chance(30) ? queue::kNotifySuccess | queue::kNotifyFailure : 0;
    }
    TRY_ASSIGN(const auto id, queue::enqueue(txn, envelope, to, body));
    record_.histories[environment_].expect_body(entry_object(id), crypto::sha256(text));
    return touched_entries(txn, {id});
  });
}

Status QueueActor::refuse() {
  const auto body = queue::prepare_body(letter(letter_size()));
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    queue::Recipient to;
    to.address = "never@far.example";
    TRY_ASSIGN([[maybe_unused]] const auto id, queue::enqueue(txn, {}, {to}, body));
    return Error{Errc::OverLimit, "refused on purpose"};
  });
}

Status QueueActor::claim() {
  std::vector<queue::Claim> taken;
  const auto work = [&](WriteTxn& txn) -> Result<Objects> {
    TRY_ASSIGN(taken, queue::claim_due(txn, now_, now_ + 900, 1 + below(3)));
    std::vector<QueueId> ids;
    for (const auto& one : taken) ids.push_back(one.entry.id);
    return touched_entries(txn, ids);
  };
  TRY(operate(work));
  claims_.insert(claims_.end(), taken.begin(), taken.end());
  return base::ok();
}

Status QueueActor::mark_in_doubt() {
  if (claims_.empty()) return base::ok();
  const auto& one = claims_[below(claims_.size())];
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    TRY(queue::mark_in_doubt(txn, one.entry.id, one.recipients, now_ + 900));
    return touched_entries(txn, {one.entry.id});
  });
}

Status QueueActor::finish() {
  if (claims_.empty()) return base::ok();
  const std::size_t at = below(claims_.size());
  const queue::Claim one = claims_[at];
  claims_.erase(claims_.begin() + static_cast<std::ptrdiff_t>(at));
  std::vector<queue::Outcome> outcomes;
  for (const auto recipient : one.recipients) {
    queue::Outcome outcome;
    outcome.recipient = recipient;
    constexpr queue::State kEnds[] = {queue::State::Delivered, queue::State::Delivered, queue::State::Waiting,
                                      queue::State::Failed, queue::State::InDoubt};
    outcome.state = kEnds[below(5)];
    outcome.next_attempt = now_ + 60;
    outcome.route = "main";
    outcome.reply = "250 2.0.0 taken as " + std::to_string(below(1000));
    outcomes.push_back(std::move(outcome));
  }
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    TRY(queue::finish(txn, one.entry.id, outcomes, now_));
    return touched_entries(txn, {one.entry.id});
  });
}

Status QueueActor::report() {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    TRY_ASSIGN(const auto owed, queue::list_unreported(txn, 1));
    if (owed.empty()) return Objects{};
    std::vector<std::size_t> ended;
    for (std::size_t i = 0; i < owed[0].recipients.size(); ++i) {
      const auto& to = owed[0].recipients[i];
      const bool over = to.state == queue::State::Delivered || to.state == queue::State::Failed;
      if (over && !to.dsn_done) ended.push_back(i);
    }
    TRY(queue::mark_reported(txn, owed[0].id, ended, false));
    return touched_entries(txn, {owed[0].id});
  });
}

Status QueueActor::operate_by_hand() {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    const auto what = below(5);
    if (what == 0) {
      queue::RoutePause pause;
      pause.route = "main";
      pause.reason = "535 the password was refused";
      pause.since = now_;
      TRY(queue::pause_route(txn, pause));
    } else if (what == 1) {
      TRY(queue::resume_route(txn, "main"));
    } else {
      TRY_ASSIGN(const auto all, queue::list(txn, kMostEntries));
      if (all.empty()) return Objects{};
      const QueueId id = all[below(all.size())].id;
      if (what == 2) TRY(queue::hold(txn, id));
      if (what == 3) TRY(queue::retry_now(txn, id, now_));
      if (what == 4) TRY(queue::remove(txn, id));
      return touched_entries(txn, {id});
    }
    Objects touched;
    TRY_ASSIGN(touched[kPausesObject], pauses_state(txn));
    return touched;
  });
}

// A relay that was started again.
Status QueueActor::release() {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    TRY_ASSIGN([[maybe_unused]] const auto count, queue::release_leases(txn, now_));
    TRY_ASSIGN(const auto all, queue::list(txn, 10 * kMostEntries));
    std::vector<QueueId> ids;
    for (const auto& entry : all) ids.push_back(entry.id);
    return touched_entries(txn, ids);
  });
}

Status AccountsActor::step(WriteTxn& txn, unsigned number) {
  if (number == 0) return accounts::add_domain(txn, "example.test");
  const std::string user = "user" + std::to_string(below(8)) + "@example.test";
  TRY_ASSIGN(const auto account, accounts::find_account(txn, user));
  if (!account) {
    TRY_ASSIGN([[maybe_unused]] const auto id, accounts::add_account(txn, user, letter(100), 1'795'000'000));
    return base::ok();
  }
  if (chance(50)) return accounts::set_credential(txn, user, letter(100));
  if (chance(60)) return accounts::set_alias(txn, "list" + std::to_string(below(3)) + "@example.test", {user});
  TRY_ASSIGN([[maybe_unused]] const auto gone, accounts::remove_account(txn, user));
  return base::ok();
}

Status AccountsActor::run(unsigned operations) {
  for (unsigned i = 0; i < operations; ++i) {
    const auto work = [&](WriteTxn& txn) -> Result<Objects> {
      TRY(step(txn, i));
      Objects touched;
      TRY_ASSIGN(touched[kAccountsObject], accounts_state(txn));
      return touched;
    };
    TRY(operate(work));
  }
  return base::ok();
}

}  // namespace hearthmail::crash
