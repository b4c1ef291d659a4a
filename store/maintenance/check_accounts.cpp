// Domains, accounts, logins, aliases: each record, and that they lead to each other.
#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/accounts/address.hpp"
#include "store/accounts/tables.hpp"
#include "store/maintenance/scan.hpp"

namespace hearthmail::store::maintenance {

using namespace accounts;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t kIdKey = 8;  // octets

class AccountsCheck {
 public:
  AccountsCheck(accounts::Store& store, const CheckOptions& options, Report& report)
      : scan_(store.env(), "accounts", table_names(), options, report) {}

  Status run() {
    TRY(scan_.walk(kDomains, [this](const ReadTxn& txn, const KeyValue& at) { return domain(txn, at); }));
    TRY(scan_.walk(kAccounts, [this](const ReadTxn& txn, const KeyValue& at) { return account(txn, at); }));
    TRY(scan_.walk(kLogins, [this](const ReadTxn& txn, const KeyValue& at) { return login(txn, at); }));
    TRY(scan_.walk(kAliases, [this](const ReadTxn& txn, const KeyValue& at) { return alias(txn, at); }));
    // Last: a counter only grows, so one that is read later is over every number seen before.
    TRY(scan_.walk(kCounters, [this](const ReadTxn& txn, const KeyValue& at) { return counter(txn, at); }));
    if (counted_ && *counted_ < highest_) {
      scan_.add(Problem::CounterBehind, kCounters, "account",
                "it says " + std::to_string(*counted_) + ", and account " + std::to_string(highest_) + " is there",
                "account");
    }
    return base::ok();
  }

 private:
  void damaged(Table table, const KeyValue& at, std::string key, const base::Error& error) {
    scan_.add(Problem::BadRecord, table, std::move(key), error.text, at.key);
  }

  Result<Step> domain(const ReadTxn& txn, const KeyValue& at) {
    const auto domain = decode_domain(at.key, at.value);
    if (!domain.ok()) damaged(kDomains, at, quoted(at.key), domain.error());
    else if (!domain->catch_all.empty() && !leads_somewhere(txn, domain->catch_all))
      scan_.add(Problem::TargetMissing, kDomains, quoted(at.key),
                "its catch-all " + domain->catch_all + " leads to nobody", at.key);
    return Step{};
  }

  // An account, or an alias, with or without its tag.
  static bool leads_somewhere(const ReadTxn& txn, const std::string& target) {
    const auto address = parse_local_address(target);
    if (!address.ok()) return false;
    for (const std::string& key : {address->key(), address->untagged().key()}) {
      for (const Table table : {kLogins, kAliases}) {
        const auto found = txn.get(table, key);
        if (!found.ok() || found->has_value()) return true;  // what cannot be read is reported where it lies
      }
    }
    return false;
  }

  Result<Step> account(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kIdKey) {
      scan_.add(Problem::BadKey, kAccounts, hex_key(at.key), "an account number has 8 octets", at.key);
      return Step{};
    }
    const AccountId id{base::Decoder(at.key).u64()};
    highest_ = std::max(highest_, id.value);
    const auto account = decode_account(id, at.value);
    if (!account.ok()) {
      damaged(kAccounts, at, "account " + std::to_string(id.value), account.error());
      return Step{};
    }
    const std::string key = base::lower(account->address);
    TRY_ASSIGN(const auto number, txn.get(kLogins, key));
    if (!number) {
      scan_.add(Problem::AccountWithoutLogin, kAccounts, account->address,
                "no login leads to account " + std::to_string(id.value), at.key);
    }
    return Step{};
  }

  Result<Step> login(const ReadTxn& txn, const KeyValue& at) {
    const auto number = decode_number(at.key, at.value);
    if (!number.ok()) {
      damaged(kLogins, at, quoted(at.key), number.error());
      return Step{};
    }
    TRY(in_domain(txn, kLogins, at));
    const auto account = load_account(txn, AccountId{*number});
    if (!account.ok()) return Step{};  // reported where it lies
    if (!*account) {
      scan_.add(Problem::LoginWrong, kLogins, quoted(at.key), "account " + std::to_string(*number) + " is not there",
                at.key);
    } else if (base::lower((*account)->address) != at.key) {
      scan_.add(Problem::LoginWrong, kLogins, quoted(at.key),
                "account " + std::to_string(*number) + " is " + (*account)->address, at.key);
    }
    return Step{};
  }

  Result<Step> alias(const ReadTxn& txn, const KeyValue& at) {
    const auto alias = decode_alias(at.key, at.value);
    if (!alias.ok()) {
      damaged(kAliases, at, quoted(at.key), alias.error());
      return Step{};
    }
    TRY(in_domain(txn, kAliases, at));
    for (const std::string& target : alias->targets) {
      if (leads_somewhere(txn, target)) continue;
      scan_.add(Problem::TargetMissing, kAliases, quoted(at.key), "its target " + target + " leads to nobody", at.key);
    }
    TRY_ASSIGN(const auto login, txn.get(kLogins, at.key));
    if (login) scan_.add(Problem::AddressTwice, kAliases, quoted(at.key), "it is an account's address too", at.key);
    return Step{};
  }

  Status in_domain(const ReadTxn& txn, Table table, const KeyValue& at) {
    const auto sign = at.key.rfind('@');
    const std::string_view domain = sign == std::string_view::npos ? std::string_view() : at.key.substr(sign + 1);
    if (!domain.empty()) {
      TRY_ASSIGN(const auto found, txn.get(kDomains, domain));
      if (found) return base::ok();
    }
    scan_.add(Problem::TargetMissing, table, quoted(at.key), "its domain is not one of ours", at.key);
    return base::ok();
  }

  Result<Step> counter(const ReadTxn&, const KeyValue& at) {
    const auto number = decode_number(at.key, at.value);
    if (!number.ok()) damaged(kCounters, at, quoted(at.key), number.error()), counted_.reset();
    else if (at.key == "account") counted_ = *number;
    return Step{};
  }

  Scan scan_;
  std::uint64_t highest_ = 0;  // number seen
  std::optional<std::uint64_t> counted_ = 0;
};

}  // namespace

Status check_accounts(accounts::Store& store, const CheckOptions& options, Report& report) {
  return AccountsCheck(store, options, report).run();
}

}  // namespace hearthmail::store::maintenance
