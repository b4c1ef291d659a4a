// The tables of the accounts environment and their records; store/FORMAT.md has every key and octet.
// For store/accounts and store/maintenance only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/accounts/accounts.hpp"
#include "store/lmdb/env.hpp"

namespace hearthmail::store::accounts {

constexpr std::uint32_t kFormatVersion = 1;

constexpr lmdb::Table kCounters{0};  // "account" -> the last account id given out
constexpr lmdb::Table kDomains{1};   // domain -> catch-all
constexpr lmdb::Table kAccounts{2};  // account id -> account
constexpr lmdb::Table kLogins{3};    // address key -> account id
constexpr lmdb::Table kAliases{4};   // address key -> targets

std::vector<std::string> table_names();

std::string account_key(AccountId id);

// Values, sealed together with their key. Decoders give Corrupt, naming the record.
std::string encode_number(std::string_view key, std::uint64_t value);
std::string encode_domain(std::string_view name, std::string_view catch_all);
std::string encode_account(const Account& account);
std::string encode_alias(std::string_view key, const Alias& alias);
base::Result<std::uint64_t> decode_number(std::string_view key, std::string_view stored);
base::Result<Domain> decode_domain(std::string_view name, std::string_view stored);
base::Result<Account> decode_account(AccountId id, std::string_view stored);
base::Result<Alias> decode_alias(std::string_view key, std::string_view stored);

// Lookups by address key. Errors: Corrupt, Unavailable.
base::Result<std::optional<Account>> account_at(const ReadTxn& txn, const std::string& key);
base::Result<std::optional<Alias>> alias_at(const ReadTxn& txn, const std::string& key);
base::Result<std::optional<Domain>> domain_at(const ReadTxn& txn, std::string_view name);

// What still leads to the address: aliases and catch-alls, in words ("alias info@example.test"); empty when nothing.
base::Result<std::string> referrers(const ReadTxn& txn, std::string_view key);

// Calls `each(KeyValue)` (a callable that returns Status) for all records of a table in order.
template <class F>
base::Status for_each(const ReadTxn& txn, lmdb::Table table, F each) {
  auto cursor = txn.cursor(table);
  TRY_ASSIGN(auto at, cursor.seek(""));
  while (at) {
    TRY(each(*at));
    TRY_ASSIGN(at, cursor.next());
  }
  return base::ok();
}

}  // namespace hearthmail::store::accounts
