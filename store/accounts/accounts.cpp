// Domains and accounts, and the environment they live in.
#include "store/accounts/accounts.hpp"

#include <algorithm>
#include <utility>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "store/accounts/address.hpp"
#include "store/accounts/tables.hpp"
#include "store/body/body.hpp"

namespace hearthmail::store::accounts {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kUnknownLogins = "unknown logins";  // in `counters`

Error no_domain(const std::string& domain) {
  return {Errc::NotFound, "domain " + domain + " is not ours; add it with `hearthmail domain add " + domain + "`"};
}
Error no_account(const LocalAddress& address) { return {Errc::NotFound, "no account " + address.str()}; }

// The account or alias at exactly this address, in words; empty when the address is free.
Result<std::string> taken_by(const ReadTxn& txn, const LocalAddress& address) {
  TRY_ASSIGN(const auto account, account_at(txn, address.key()));
  if (account) return "account " + account->address;
  TRY_ASSIGN(const auto alias, alias_at(txn, address.key()));
  if (alias) return "alias " + alias->address;
  return std::string{};
}

Result<AccountId> next_account_id(WriteTxn& txn) {
  TRY_ASSIGN(const auto stored, txn.get(kCounters, "account"));
  std::uint64_t last = 0;
  if (stored) {
    TRY_ASSIGN(last, decode_number("account", *stored));
  } else if (txn.entries(kAccounts).value_or(1) > 0) {
    // Numbers are never given twice: a new account would be written over another one.
    return Error{Errc::Corrupt, "accounts: the counter is missing; `hearthmail check --repair` makes it anew"};
  }
  TRY(txn.put(kCounters, "account", encode_number("account", last + 1)));
  return AccountId{last + 1};
}

// An address in the domain that an account or alias has; empty when there is none.
Result<std::string> user_of_domain(const ReadTxn& txn, const std::string& domain) {
  std::string user;
  for (const lmdb::Table table : {kLogins, kAliases}) {
    TRY(for_each(txn, table, [&](const lmdb::KeyValue& at) -> Status {
      if (at.key.ends_with('@' + domain)) user = at.key;
      return base::ok();
    }));
  }
  return user;
}

}  // namespace

Status add_domain(WriteTxn& txn, std::string_view name) {
  TRY_ASSIGN(const auto domain, normalize_domain(name));
  auto added = txn.insert(kDomains, domain, encode_domain(domain, ""));
  if (!added.ok() && added.error().code == Errc::Exists)
    return Error{Errc::Exists, "domain " + domain + " is there already"};
  return added;
}

Status remove_domain(WriteTxn& txn, std::string_view name) {
  TRY_ASSIGN(const auto domain, normalize_domain(name));
  TRY_ASSIGN(const auto user, user_of_domain(txn, domain));
  if (!user.empty()) {
    return Error{Errc::Invalid,
                 "domain " + domain + " is still used by " + user + "; remove its accounts and aliases first"};
  }
  TRY_ASSIGN(const bool existed, txn.erase(kDomains, domain));
  if (!existed) return no_domain(domain);
  return base::ok();
}

Status set_catch_all(WriteTxn& txn, std::string_view name, std::string_view address) {
  TRY_ASSIGN(const auto domain, normalize_domain(name));
  TRY_ASSIGN(const auto found, domain_at(txn, domain));
  if (!found) return no_domain(domain);
  if (address.empty()) return txn.put(kDomains, domain, encode_domain(domain, ""));
  TRY_ASSIGN(const auto target, parse_local_address(address));
  TRY_ASSIGN(const auto reached, resolve(txn, target.str()));
  if (reached.found != Found::Account && reached.found != Found::Alias) {
    return Error{Errc::NotFound, "catch-all " + target.str() + " is no account or alias of ours"};
  }
  return txn.put(kDomains, domain, encode_domain(domain, target.str()));
}

Result<std::vector<Domain>> list_domains(const ReadTxn& txn) {
  std::vector<Domain> domains;
  TRY(for_each(txn, kDomains, [&](const lmdb::KeyValue& at) -> Status {
    TRY_ASSIGN(auto domain, decode_domain(at.key, at.value));
    domains.push_back(std::move(domain));
    return base::ok();
  }));
  return domains;
}

Result<bool> is_local_domain(const ReadTxn& txn, std::string_view domain) {
  const auto normal = normalize_domain(domain);
  if (!normal.ok()) return false;
  TRY_ASSIGN(const auto found, txn.get(kDomains, *normal));
  return found.has_value();
}

Result<AccountId> add_account(WriteTxn& txn, std::string_view address, std::string_view credential, base::UnixTime now,
                              std::string_view scram) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  TRY_ASSIGN(const auto domain, domain_at(txn, parsed.domain));
  if (!domain) return no_domain(parsed.domain);
  TRY_ASSIGN(const auto taken, taken_by(txn, parsed));
  if (!taken.empty()) return Error{Errc::Exists, parsed.str() + " is taken by " + taken};
  Account account;
  TRY_ASSIGN(account.id, next_account_id(txn));
  account.address = parsed.str();
  account.credential = credential;
  account.scram = scram;
  account.created = now;
  TRY(txn.insert(kAccounts, account_key(account.id), encode_account(account)));
  TRY(txn.insert(kLogins, parsed.key(), encode_number(parsed.key(), account.id.value)));
  return account.id;
}

Status set_credential(WriteTxn& txn, std::string_view address, std::string_view credential, std::string_view scram) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  TRY_ASSIGN(auto account, account_at(txn, parsed.key()));
  if (!account) return no_account(parsed);
  account->credential = credential;
  account->scram = scram;
  return txn.put(kAccounts, account_key(account->id), encode_account(*account));
}

Status set_quota(WriteTxn& txn, std::string_view address, const base::Quota& quota) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  TRY_ASSIGN(auto account, account_at(txn, parsed.key()));
  if (!account) return no_account(parsed);
  account->quota = quota;
  return txn.put(kAccounts, account_key(account->id), encode_account(*account));
}

Result<base::Quota> quota_of(const ReadTxn& txn, AccountId account) {
  TRY_ASSIGN(const auto found, load_account(txn, account));
  return found ? found->quota : base::Quota{};
}

Result<AccountId> remove_account(WriteTxn& txn, std::string_view address) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  TRY_ASSIGN(const auto account, account_at(txn, parsed.key()));
  if (!account) return no_account(parsed);
  TRY_ASSIGN(const auto users, referrers(txn, parsed.key()));
  if (!users.empty())
    return Error{Errc::Invalid, account->address + " still receives for: " + users + "; change those first"};
  TRY(txn.erase(kLogins, parsed.key()));
  TRY(txn.erase(kAccounts, account_key(account->id)));
  return account->id;
}

Result<std::vector<Account>> list_accounts(const ReadTxn& txn) {
  std::vector<Account> accounts;
  TRY(for_each(txn, kLogins, [&](const lmdb::KeyValue& at) -> Status {
    TRY_ASSIGN(const auto id, decode_number(at.key, at.value));
    TRY_ASSIGN(auto account, load_account(txn, AccountId{id}));
    if (!account) return Error{Errc::Corrupt, "login " + std::string(at.key) + " names an account that is not there"};
    accounts.push_back(std::move(*account));
    return base::ok();
  }));
  return accounts;
}

Result<std::optional<Account>> find_account(const ReadTxn& txn, std::string_view address) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  return account_at(txn, parsed.key());
}

Result<std::optional<Account>> load_account(const ReadTxn& txn, AccountId id) {
  TRY_ASSIGN(const auto stored, txn.get(kAccounts, account_key(id)));
  if (!stored) return std::optional<Account>{};
  TRY_ASSIGN(auto account, decode_account(id, *stored));
  return std::optional<Account>{std::move(account)};
}

Result<std::uint64_t> unknown_login_secret(lmdb::Env& env) {
  TRY_ASSIGN(const auto found, env.read([](const ReadTxn& txn) -> Result<std::uint64_t> {
    TRY_ASSIGN(const auto stored, txn.get(kCounters, kUnknownLogins));
    if (!stored) return std::uint64_t{0};
    return decode_number(kUnknownLogins, *stored);
  }));
  if (found != 0) return found;
  return env.write([](WriteTxn& txn) -> Result<std::uint64_t> {
    TRY_ASSIGN(const auto stored, txn.get(kCounters, kUnknownLogins));
    if (stored) return decode_number(kUnknownLogins, *stored);  // another program was faster
    const std::uint64_t made = base::Decoder(crypto::random_octets(sizeof(std::uint64_t))).u64() | 1;
    TRY(txn.put(kCounters, kUnknownLogins, encode_number(kUnknownLogins, made)));
    return made;
  });
}

Result<std::unique_ptr<Store>> Store::open(const std::string& directory, lmdb::Misplaced misplaced) {
  lmdb::EnvOptions options;
  options.tables = table_names();
  options.format_version = kFormatVersion;
  options.schema = "accounts";
  options.sealed = {kCounters, kDomains, kAccounts, kLogins, kAliases};
  options.belongs = body::is_sealed;
  options.misplaced = misplaced;
  std::unique_ptr<Store> store(new Store());
  TRY_ASSIGN(store->env_, lmdb::Env::open(directory, std::move(options)));
  return store;
}

}  // namespace hearthmail::store::accounts
