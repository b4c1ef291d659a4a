#include "receiver/account_directory.hpp"

#include <utility>

namespace hearthmail::receiver {

namespace accounts = store::accounts;

base::Result<std::optional<AccountDirectory::Entry>> AccountDirectory::find(std::string_view address) const {
  const auto find = [&](const accounts::ReadTxn& txn) { return accounts::find_account(txn, address); };
  auto account = accounts_.env().read(find);
  if (!account.ok() && account.error().code == base::Errc::Invalid) return std::optional<Entry>();  // no address at all
  if (!account.ok()) return account.error();
  if (!*account) return std::optional<Entry>();
  return std::optional(Entry{(*account)->id, std::move((*account)->address)});
}

base::Result<std::optional<std::string>> AccountDirectory::address_of(base::AccountId id) const {
  const auto load = [&](const accounts::ReadTxn& txn) { return accounts::load_account(txn, id); };
  TRY_ASSIGN(auto account, accounts_.env().read(load));
  if (!account) return std::optional<std::string>();
  return std::optional(std::move(account->address));
}

}  // namespace hearthmail::receiver
