// Who the accounts of this server are: between numbers, which the store keeps, and addresses, which people use. The
// program gives sessions one over the accounts' database; tests give one of their own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/ids.hpp"
#include "common/base/result.hpp"

namespace hearthmail::receiver::imap {

// Thread-safe. Errors: Unavailable, Corrupt.
class AccountDirectory {
 public:
  struct Entry {
    base::AccountId account;
    std::string address;  // as the account was added
  };
  virtual ~AccountDirectory() = default;
  // Nothing when no account has that login. An alias is none.
  virtual base::Result<std::optional<Entry>> find(std::string_view address) const = 0;
  virtual base::Result<std::optional<std::string>> address_of(base::AccountId account) const = 0;
};

}  // namespace hearthmail::receiver::imap
