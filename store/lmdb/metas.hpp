// Inside store/lmdb only: the two meta pages, which LMDB believes without a checksum. The one with the greater transaction
// number is the database; a bit that flips in it would silently bring back the state before the last commit, or worse.
//
// So each commit also writes its own number into the main tree ("commit", 16 octets), which costs no page: LMDB rewrites
// that leaf anyway. A meta page whose number is not its tree's has been damaged, or was cut short in the middle of a sector.
#pragma once

#include <lmdb.h>

#include <string>

#include "common/base/result.hpp"
#include "store/lmdb/structure.hpp"

namespace hearthmail::store::lmdb {

constexpr std::string_view kCommitKey = "commit";  // of that record in the main tree

// Before LMDB opens the file: both pages are what LMDB and our commits write. A transaction number that was damaged or cut
// is put right when everything else proves which it must be; otherwise Corrupt, naming `restore`.
base::Status check_metas(const std::string& data_file);

// Writes the transaction's number into its main tree; before its commit.
int stamp(MDB_txn* txn, MDB_dbi main_tree);
// The number fits. A file whose only transaction is the first is new or a copy that was made compact.
base::Status check_stamp(const Structure& structure, std::uint64_t transaction);

}  // namespace hearthmail::store::lmdb
