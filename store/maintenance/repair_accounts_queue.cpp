// Repair of accounts and queue.
#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/maintenance/repair_steps.hpp"

namespace hearthmail::store::maintenance {

using base::QueueId;
using base::Result;
using base::Status;
using lmdb::ReadTxn;
using lmdb::Table;
using lmdb::WriteTxn;

namespace {

// The number in the table's last key; 0 when it is empty.
std::uint64_t last_number(lmdb::Env& env, Table table) {
  return env
      .read([&](const ReadTxn& txn) -> Result<std::uint64_t> {
        auto cursor = txn.cursor(table);
        TRY_ASSIGN(const auto last, cursor.last());
        return last && last->key.size() >= 8 ? base::Decoder(last->key).u64() : 0;
      })
      .value_or(0);
}

Table table_named(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return Table{static_cast<std::uint32_t>(at - names.begin())};
}

// Every row of the two indexes that follows from the entries, and no other.
Status rebuild_indexes(queue::Store& store, QueueId id) {
  return store.env().write([&](WriteTxn& txn) -> Status {
    const std::string key = queue::entry_key(id);
    const auto entry = queue::find(txn, id);
    if (!entry.ok()) return entry.error();
    std::vector<std::string> rows;
    {
      auto cursor = txn.cursor(queue::kDue);
      TRY_ASSIGN(auto at, cursor.seek(""));
      while (at) {
        if (at->key.ends_with(key)) rows.emplace_back(at->key);
        TRY_ASSIGN(at, cursor.next());
      }
    }
    for (const std::string& row : rows) TRY(txn.erase(queue::kDue, row));
    TRY(txn.erase(queue::kUnreported, key));
    if (!entry->has_value()) return base::ok();
    if (const auto due = queue::due_time(**entry)) TRY(txn.put(queue::kDue, queue::due_key(*due, id), ""));
    if (queue::has_unreported(**entry)) TRY(txn.put(queue::kUnreported, key, ""));
    return base::ok();
  });
}

// Gives the address back its login, unless another account has it.
Mended put_login(accounts::Store& store, const Finding& finding) {
  return store.env().write([&](WriteTxn& txn) -> Mended {
    const base::AccountId id{base::Decoder(finding.raw_key).u64()};
    TRY_ASSIGN(const auto account, accounts::load_account(txn, id));
    if (!account) return false;
    const std::string key = base::lower(account->address);
    TRY_ASSIGN(const auto taken, txn.get(accounts::kLogins, key));
    if (taken) return false;
    TRY(txn.put(accounts::kLogins, key, accounts::encode_number(key, id.value)));
    return true;
  });
}

}  // namespace

Mended mend_accounts(accounts::Store& store, const Finding& finding, Quarantine& quarantine) {
  const Table table = table_named(accounts::table_names(), finding.table);
  if (finding.table == "counters") {
    TRY(raise_counter(store.env(), accounts::kCounters, "account", last_number(store.env(), accounts::kAccounts)));
    return true;
  }
  switch (finding.problem) {
    case Problem::AccountWithoutLogin: return put_login(store, finding);
    case Problem::BadKey:
    case Problem::LoginWrong: break;
    case Problem::BadRecord:
      // An account holds a password and the way to its mail: only a backup, or the operator, can say what it was.
      if (table.index == accounts::kAccounts.index || table.index == accounts::kDomains.index) return false;
      break;
    default: return false;
  }
  TRY(set_record_aside(store.env(), table, finding, quarantine));
  return true;
}

Mended mend_queue(queue::Store& store, const Finding& finding, Quarantine& quarantine) {
  const Table table = table_named(queue::table_names(), finding.table);
  if (finding.table == "counters") {
    TRY(raise_counter(store.env(), queue::kCounters, "queue",
                      std::max(last_number(store.env(), queue::kEntries), last_number(store.env(), queue::kBodies))));
    return true;
  }
  switch (finding.problem) {
    case Problem::DueWrong:
    case Problem::UnreportedWrong: {
      const std::string_view key = finding.raw_key;
      if (key.size() < 8) return false;
      TRY(rebuild_indexes(store, base::QueueId{base::Decoder(key.substr(key.size() - 8)).u64()}));
      return true;
    }
    case Problem::Orphan:
    case Problem::BadKey: break;
    case Problem::BadRecord: {
      if (table.index == queue::kPauses.index) break;
      const base::QueueId id{base::Decoder(finding.raw_key).u64()};
      TRY(store.env().write([&](WriteTxn& txn) {
        return queue::set_aside(txn, id, {base::Errc::Corrupt, finding.what});
      }));
      return true;
    }
    default: return false;
  }
  TRY(set_record_aside(store.env(), table, finding, quarantine));
  return true;
}

}  // namespace hearthmail::store::maintenance
