// The accounts' database as IMAP sessions ask for it: between account numbers and addresses.
#pragma once

#include "receiver/imap/account_directory.hpp"
#include "store/accounts/accounts.hpp"

namespace hearthmail::receiver {

class AccountDirectory : public imap::AccountDirectory {
 public:
  explicit AccountDirectory(store::accounts::Store& accounts) : accounts_(accounts) {}
  base::Result<std::optional<Entry>> find(std::string_view address) const override;
  base::Result<std::optional<std::string>> address_of(base::AccountId account) const override;

 private:
  store::accounts::Store& accounts_;
};

}  // namespace hearthmail::receiver
