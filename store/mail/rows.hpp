// For store/mail only: all rows of a table whose keys begin alike; a mailbox and its name.
#pragma once

#include <string>
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

// Has the account a mailbox of this normal name?
base::Result<bool> is_named(const ReadTxn& txn, AccountId account, std::string_view name);
// The mailbox, without its children, gets a normal name that is free.
base::Status give_name(WriteTxn& txn, MailboxId box, const std::string& name);

}  // namespace hearthmail::store::mail
