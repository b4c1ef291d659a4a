// Aliases, and who receives an address.
#include <algorithm>
#include <set>
#include <utility>

#include "common/base/text.hpp"
#include "store/accounts/accounts.hpp"
#include "store/accounts/address.hpp"
#include "store/accounts/tables.hpp"

namespace hearthmail::store::accounts {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

// What stands behind an address itself: an account, an alias, or neither.
struct Holder {
  std::optional<Account> account;
  std::optional<Alias> alias;
  bool any() const { return account || alias; }
};

Result<Holder> holder_at(const ReadTxn& txn, const std::string& key) {
  Holder holder;
  TRY_ASSIGN(holder.account, account_at(txn, key));
  if (holder.account) return holder;
  TRY_ASSIGN(holder.alias, alias_at(txn, key));
  return holder;
}

// Account, then alias; then both without "+tag".
Result<Holder> holder_of(const ReadTxn& txn, const LocalAddress& address) {
  TRY_ASSIGN(auto exact, holder_at(txn, address.key()));
  if (exact.any()) return exact;
  const auto untagged = address.untagged();
  if (untagged.local == address.local) return exact;
  return holder_at(txn, untagged.key());
}

void add_once(std::vector<AccountId>& accounts, AccountId id) {
  if (std::find(accounts.begin(), accounts.end(), id) == accounts.end()) accounts.push_back(id);
}

// The accounts behind an alias, level by level: each alias is entered once, so a loop ends, and no deeper than
// kMaxAliasDepth.
Result<std::vector<AccountId>> expand(const ReadTxn& txn, Alias first) {
  std::vector<AccountId> accounts;
  std::set<std::string> entered{base::lower(first.address)};
  std::vector<Alias> level{std::move(first)};
  for (std::size_t depth = 0; depth < kMaxAliasDepth && !level.empty(); ++depth) {
    std::vector<Alias> next;
    for (const Alias& alias : level) {
      for (const auto& target : alias.targets) {
        TRY_ASSIGN(const auto address, parse_local_address(target));
        TRY_ASSIGN(auto holder, holder_of(txn, address));
        if (holder.account) add_once(accounts, holder.account->id);
        else if (holder.alias && entered.insert(base::lower(holder.alias->address)).second)
          next.push_back(std::move(*holder.alias));
      }
    }
    level = std::move(next);
  }
  return accounts;
}

// Fills the resolution from what holds an address; NoSuchUser when the aliases lead nowhere.
Result<Resolution> resolution_of(const ReadTxn& txn, Holder holder) {
  if (holder.account) return Resolution{Found::Account, {holder.account->id}};
  if (!holder.alias) return Resolution{Found::NoSuchUser, {}};
  TRY_ASSIGN(auto accounts, expand(txn, std::move(*holder.alias)));
  const Found found = accounts.empty() ? Found::NoSuchUser : Found::Alias;
  return Resolution{found, std::move(accounts)};
}

// The targets as stored, each checked.
Result<std::vector<std::string>> check_targets(const ReadTxn& txn, const std::vector<std::string>& targets) {
  if (targets.empty()) return Error{Errc::Invalid, "an alias needs at least one target"};
  if (targets.size() > kMaxAliasTargets) {
    return Error{Errc::OverLimit, "an alias has at most " + std::to_string(kMaxAliasTargets) + " targets"};
  }
  std::vector<std::string> checked;
  for (const auto& target : targets) {
    TRY_ASSIGN(const auto address, parse_local_address(target));
    TRY_ASSIGN(const auto domain, domain_at(txn, address.domain));
    if (!domain) {
      return Error{Errc::Invalid,
                   "target " + address.str() + " is outside our domains; an alias only leads to local addresses"};
    }
    TRY_ASSIGN(const auto holder, holder_of(txn, address));
    if (!holder.any()) return Error{Errc::NotFound, "target " + address.str() + " is no account or alias of ours"};
    checked.push_back(address.str());
  }
  return checked;
}

}  // namespace

Status set_alias(WriteTxn& txn, std::string_view address, const std::vector<std::string>& targets) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  TRY_ASSIGN(const auto domain, domain_at(txn, parsed.domain));
  if (!domain) {
    return Error{Errc::NotFound,
                 "domain " + parsed.domain + " is not ours; add it with `hearthmail domain add " + parsed.domain + "`"};
  }
  TRY_ASSIGN(const auto account, account_at(txn, parsed.key()));
  if (account) return Error{Errc::Exists, parsed.str() + " is an account"};
  Alias alias{parsed.str(), {}};
  TRY_ASSIGN(alias.targets, check_targets(txn, targets));
  TRY(txn.put(kAliases, parsed.key(), encode_alias(parsed.key(), alias)));
  // Inside the transaction: with the new record in place, does it lead anywhere?
  TRY_ASSIGN(const auto reached, expand(txn, alias));
  if (reached.empty()) return Error{Errc::Invalid, "alias " + alias.address + " leads to no account; is it a loop?"};
  return base::ok();
}

Status remove_alias(WriteTxn& txn, std::string_view address) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  TRY_ASSIGN(const auto users, referrers(txn, parsed.key()));
  TRY_ASSIGN(const bool existed, txn.erase(kAliases, parsed.key()));
  if (!existed) return Error{Errc::NotFound, "no alias " + parsed.str()};
  if (!users.empty())
    return Error{Errc::Invalid, parsed.str() + " still receives for: " + users + "; change those first"};
  return base::ok();
}

Result<std::vector<Alias>> list_aliases(const ReadTxn& txn) {
  std::vector<Alias> aliases;
  TRY(for_each(txn, kAliases, [&](const lmdb::KeyValue& at) -> Status {
    TRY_ASSIGN(auto alias, decode_alias(at.key, at.value));
    aliases.push_back(std::move(alias));
    return base::ok();
  }));
  return aliases;
}

Result<Resolution> resolve(const ReadTxn& txn, std::string_view address) {
  const auto parsed = parse_local_address(address);
  if (!parsed.ok()) return Resolution{};  // not of the shape that a local address can have
  TRY_ASSIGN(const auto domain, domain_at(txn, parsed->domain));
  if (!domain) return Resolution{};
  TRY_ASSIGN(auto holder, holder_of(txn, *parsed));
  if (holder.any() || domain->catch_all.empty()) return resolution_of(txn, std::move(holder));
  TRY_ASSIGN(const auto target, parse_local_address(domain->catch_all));
  TRY_ASSIGN(auto catch_all, holder_of(txn, target));
  TRY_ASSIGN(auto resolution, resolution_of(txn, std::move(catch_all)));
  if (resolution.found != Found::NoSuchUser) resolution.found = Found::CatchAll;
  return resolution;
}

Result<bool> may_send_as(const ReadTxn& txn, AccountId account, std::string_view address) {
  TRY_ASSIGN(const auto resolution, resolve(txn, address));
  return std::find(resolution.accounts.begin(), resolution.accounts.end(), account) != resolution.accounts.end();
}

}  // namespace hearthmail::store::accounts
