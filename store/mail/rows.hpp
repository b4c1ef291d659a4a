// For store/mail only: all rows of a table whose keys begin alike.
#pragma once

#include <string_view>

#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

// Calls `each(const lmdb::KeyValue&) -> Status` for every row whose key begins with `prefix`, in the keys' order. Nothing may
// be written meanwhile.
template <class F>
base::Status for_each_row(const ReadTxn& txn, Table table, std::string_view prefix, const F& each) {
  lmdb::Cursor cursor = txn.cursor(table);
  TRY_ASSIGN(auto at, cursor.seek(prefix));
  while (at && at->key.starts_with(prefix)) {
    TRY(each(*at));
    TRY_ASSIGN(at, cursor.next());
  }
  return base::ok();
}

}  // namespace hearthmail::store::mail
