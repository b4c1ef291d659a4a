// Who may send as whom.
#pragma once

#include <string>
#include <string_view>

#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "store/accounts/accounts.hpp"

namespace hearthmail::relay::submission {

// Ok when `account` receives `address` (its own, an alias, a catch-all, any of them with "+tag"), RFC 6409 §6.1. Denied
// with a text for the client that names the fix: "anna@x may not send as b@y; add it: hearthmail alias add b@y anna@x".
base::Status check_sender(const store::lmdb::ReadTxn& txn, base::AccountId account, std::string_view login,
                          std::string_view address);

}  // namespace hearthmail::relay::submission
