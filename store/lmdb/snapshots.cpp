#include <chrono>

#include "store/lmdb/handle.hpp"

namespace hearthmail::store::lmdb {

using base::Result;

Result<MDB_txn*> Snapshots::begin() {
  MDB_txn* txn = nullptr;
  {
    const std::lock_guard lock(mutex_);
    ++open_;
    if (!idle_.empty()) {
      txn = idle_.back();
      idle_.pop_back();
    }
  }
  const auto open_one = [&] {
    return txn != nullptr ? mdb_txn_renew(txn) : mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  };
  int code = open_one();
  if (code == MDB_MAP_RESIZED && adopt_map(false)) code = open_one();
  if (code == 0) return txn;
  if (txn != nullptr) mdb_txn_abort(txn);
  const std::lock_guard lock(mutex_);
  --open_;
  return to_error(code, "open a snapshot");
}

void Snapshots::end(MDB_txn* txn) {
  mdb_txn_reset(txn);
  const std::lock_guard lock(mutex_);
  --open_;
  if (idle_.size() < kKept) idle_.push_back(txn);
  else mdb_txn_abort(txn);
}

Result<MDB_txn*> Snapshots::begin_write() {
  {
    const std::lock_guard lock(mutex_);
    writing_ = true;
  }
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, 0, &txn);
  // Snapshots end within about a second, so the map can be exchanged soon.
  for (int tries = 0; code == MDB_MAP_RESIZED && tries < 200; ++tries) {
    if (!adopt_map(true)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    code = mdb_txn_begin(env_, nullptr, 0, &txn);
  }
  if (code == 0) return txn;
  end_write();
  return to_error(code, "begin to write");
}

void Snapshots::end_write() {
  const std::lock_guard lock(mutex_);
  writing_ = false;
}

// Maps the file anew in the size that the other process gave it; only while nothing of ours looks into the old map. The
// caller itself counts as open or as writing.
bool Snapshots::adopt_map(bool writing) {
  const std::lock_guard lock(mutex_);
  const bool alone = writing ? open_ == 0 : open_ == 1 && !writing_;
  return alone && mdb_env_set_mapsize(env_, 0) == 0;
}

void Snapshots::clear() {
  const std::lock_guard lock(mutex_);
  for (MDB_txn* txn : idle_) mdb_txn_abort(txn);
  idle_.clear();
}

}  // namespace hearthmail::store::lmdb
