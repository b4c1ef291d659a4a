#include "store/mail/normal_names.hpp"

#include <map>
#include <utility>

#include "common/base/text.hpp"
#include "store/mail/rows.hpp"

namespace hearthmail::store::mail {

using base::Result;
using base::Status;

namespace {

// `name` or "name (2)" ...: the first that no mailbox has. Nothing when it cannot be a name, or too many have it.
Result<std::optional<std::string>> free_name(const ReadTxn& txn, AccountId account, const std::string& name) {
  std::string candidate = name;
  for (int number = 2; number <= kMaxNameSuffix; ++number) {
    auto normal = normal_name(candidate);
    if (!normal.ok()) break;
    TRY_ASSIGN(const bool taken, is_named(txn, account, *normal));
    if (!taken) return std::optional<std::string>(std::move(*normal));
    candidate = name + " (" + std::to_string(number) + ")";
  }
  return std::optional<std::string>();
}

std::string formed(std::string_view name, const NameForm& form) {
  return base::is_ascii(name) ? std::string(name) : form(name);
}

}  // namespace

Result<std::optional<AccountId>> next_account(const ReadTxn& txn, AccountId after) {
  lmdb::Cursor cursor = txn.cursor(kAccounts);
  TRY_ASSIGN(const auto at, cursor.seek(id_key(after.value + 1)));
  if (!at || at->key.size() != sizeof(std::uint64_t)) return std::optional<AccountId>();
  return std::optional(AccountId{big_endian<std::uint64_t>(at->key, 0)});
}

Result<bool> has_other_names(const ReadTxn& txn, AccountId account, const NameForm& form) {
  TRY_ASSIGN(const auto mailboxes, list_mailboxes(txn, account));
  for (const Mailbox& mailbox : mailboxes) {
    if (formed(mailbox.name, form) != mailbox.name) return true;
  }
  TRY_ASSIGN(const auto subscribed, list_subscriptions(txn, account));
  for (const auto& name : subscribed) {
    if (formed(name, form) != name) return true;
  }
  return false;
}

Result<std::vector<Renamed>> rename_to_form(WriteTxn& txn, AccountId account, const NameForm& form) {
  std::vector<Renamed> renamed;
  std::map<std::string, std::string, std::less<>> names;
  TRY_ASSIGN(const auto mailboxes, list_mailboxes(txn, account));
  for (const Mailbox& mailbox : mailboxes) {
    const std::string wanted = formed(mailbox.name, form);
    if (wanted == mailbox.name) continue;
    TRY_ASSIGN(const auto name, free_name(txn, account, wanted));
    if (!name) continue;
    TRY(give_name(txn, mailbox.id, *name));
    names.emplace(mailbox.name, *name);
    renamed.push_back({mailbox.name, *name});
  }
  TRY_ASSIGN(const auto subscribed, list_subscriptions(txn, account));
  for (const auto& name : subscribed) {
    const auto moved = names.find(name);
    const std::string wanted = moved != names.end() ? moved->second : formed(name, form);
    if (wanted == name || !normal_name(wanted).ok()) continue;
    TRY(set_subscribed(txn, account, name, false));
    TRY(set_subscribed(txn, account, wanted, true));
  }
  return renamed;
}

}  // namespace hearthmail::store::mail
