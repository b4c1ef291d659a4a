// Records that do not fit their checksums, found while the pages were checked at open: each is named in the log, and one
// that lies under a damaged key is put back under the key that it had.
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "store/lmdb/handle.hpp"
#include "store/lmdb/metas.hpp"

namespace hearthmail::store::lmdb {

using base::Result;
using base::Status;

namespace {

bool is_there(MDB_txn* txn, MDB_dbi table, std::string_view key, std::string_view* value = nullptr) {
  MDB_val k = to_val(key), v{};
  if (mdb_get(txn, table, &k, &v) != 0) return false;
  if (value != nullptr) *value = to_view(v);
  return true;
}

// Into `txn`: the value under the right key instead of the damaged one, and the number of the commit.
int exchange_keys(MDB_txn* txn, MDB_dbi table, const Misfit& misfit) {
  MDB_val key = to_val(misfit.key), right = to_val(misfit.right_key), value = to_val(misfit.value);
  MDB_dbi main_tree = 0;
  int code = mdb_del(txn, table, &key, nullptr);
  if (code == 0) code = mdb_put(txn, table, &right, &value, MDB_NOOVERWRITE);
  if (code == 0) code = mdb_dbi_open(txn, nullptr, 0, &main_tree);
  return code == 0 ? stamp(txn, main_tree) : code;
}

}  // namespace

// False: another record has its place.
Result<bool> Env::Impl::put_back(const Misfit& misfit) const {
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env, nullptr, 0, &txn);
  if (code != 0) return to_error(code, "put a record back");
  MDB_dbi table = 0;
  code = mdb_dbi_open(txn, misfit.table.c_str(), 0, &table);
  std::string_view value;
  if (code == 0 && (!is_there(txn, table, misfit.key, &value) || value != misfit.value)) {
    mdb_txn_abort(txn);  // another process was first
    return true;
  }
  const bool taken = code == 0 && is_there(txn, table, misfit.right_key);
  if (code == 0 && !taken) code = exchange_keys(txn, table, misfit);
  if (code != 0 || taken) {
    mdb_txn_abort(txn);
    if (taken) return false;
    return to_error(code, "put a record back");
  }
  code = mdb_txn_commit(txn);
  if (code != 0) return to_error(code, "put a record back");
  log::warning("a record lay under a damaged key and was put back",
               {{"directory", directory}, {"table", misfit.table}, {"key", base::hex(misfit.right_key)}});
  return true;
}

Status Env::Impl::settle_lost(const Misfit& misfit) {
  const base::Error error = misplaced_error(misfit);
  if (misplaced == Misplaced::Refuse) return error;
  lost_records.fetch_add(1, std::memory_order_relaxed);
  log::error(error.text, {{"directory", directory}});
  return base::ok();
}

Status Env::Impl::settle(const std::vector<Misfit>& misfits) {
  for (const Misfit& one : misfits) {
    switch (one.wrong) {
      case Misfit::Wrong::Value:
        log::error("a record is damaged; run `hearthmail check`",
                   {{"directory", directory}, {"table", one.table}, {"key", base::hex(one.key)}});
        break;
      case Misfit::Wrong::Key: {
        TRY_ASSIGN(const bool back, put_back(one));
        if (!back) TRY(settle_lost(one));
        break;
      }
      case Misfit::Wrong::Unknown: TRY(settle_lost(one)); break;
    }
  }
  return base::ok();
}

}  // namespace hearthmail::store::lmdb
