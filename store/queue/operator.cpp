// The operator's steps: retry, hold, remove, and the pauses of routes; and the environment.
#include <utility>

#include "store/body/body.hpp"
#include "store/queue/queue.hpp"
#include "store/queue/states.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::queue {

using base::Result;
using base::Status;

namespace {

// Changes every recipient for which `step` to `to` is legal; leaves the others alone.
template <class F>
Status change_all(WriteTxn& txn, QueueId id, Step step, State to, F touch) {
  TRY_ASSIGN(const auto before, load_entry(txn, id));
  Entry after = before;
  for (Recipient& recipient : after.recipients) {
    const auto result = transition(recipient.state, step, to);
    if (!result) continue;
    recipient.state = *result;
    recipient.lease_until = 0;
    touch(recipient);
  }
  return save_entry(txn, before, std::move(after));
}

}  // namespace

Status retry_now(WriteTxn& txn, QueueId id, UnixTime now) {
  return change_all(txn, id, Step::Retry, State::Waiting, [now](Recipient& one) { one.next_attempt = now; });
}

Status hold(WriteTxn& txn, QueueId id) {
  return change_all(txn, id, Step::Hold, State::Held, [](Recipient&) {});
}

Status remove(WriteTxn& txn, QueueId id) {
  const auto entry = load_entry(txn, id);
  if (entry.ok()) return erase_entry(txn, *entry);
  if (entry.error().code == base::Errc::Corrupt) TRY(set_aside(txn, id, entry.error()));
  TRY_ASSIGN(const bool damaged, txn.erase(kDamaged, entry_key(id)));
  if (!damaged) return entry.error();
  TRY(txn.erase_prefix(kBodies, entry_key(id)));
  return base::ok();
}

Status pause_route(WriteTxn& txn, const RoutePause& pause) {
  TRY_ASSIGN(const auto stored, txn.get(kPauses, pause.route));
  if (stored && !pause.by_operator) {
    TRY_ASSIGN(const auto present, decode_pause(pause.route, *stored));
    if (present.by_operator) return base::ok();
  }
  return txn.put(kPauses, pause.route, encode_pause(pause));
}

Status resume_route(WriteTxn& txn, std::string_view route) {
  TRY(txn.erase(kPauses, route));
  return base::ok();
}

Result<std::vector<RoutePause>> list_pauses(const ReadTxn& txn) {
  std::vector<RoutePause> pauses;
  auto cursor = txn.cursor(kPauses);
  TRY_ASSIGN(auto at, cursor.seek(""));
  while (at) {
    TRY_ASSIGN(auto pause, decode_pause(at->key, at->value));
    pauses.push_back(std::move(pause));
    TRY_ASSIGN(at, cursor.next());
  }
  return pauses;
}

Result<std::unique_ptr<Store>> Store::open(const std::string& directory, lmdb::Misplaced misplaced) {
  lmdb::EnvOptions options;
  options.tables = table_names();
  options.format_version = kFormatVersion;
  options.schema = "queue";
  options.sealed = {kCounters, kEntries, kPauses};
  options.belongs = body::is_sealed;
  options.misplaced = misplaced;
  std::unique_ptr<Store> store(new Store());
  TRY_ASSIGN(store->env_, lmdb::Env::open(directory, std::move(options)));
  return store;
}

}  // namespace hearthmail::store::queue
