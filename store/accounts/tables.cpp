#include "store/accounts/tables.hpp"

#include <utility>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/accounts/address.hpp"
#include "store/body/body.hpp"

namespace hearthmail::store::accounts {

using base::Decoder;
using base::Encoder;
using base::Result;

namespace {
constexpr std::uint8_t kDisabled = 1;                           // bit of an account's flags
constexpr std::uint8_t kLimitsOctets = 1, kLimitsMessages = 2;  // which of its limits it has

Result<std::string_view> open_record(std::string_view what, std::string_view stored, std::string_view key) {
  auto record = body::unseal(stored, key);
  if (!record.ok()) return base::with_context("accounts: " + std::string(what), std::move(record).error());
  return record;
}
}  // namespace

std::vector<std::string> table_names() { return {"counters", "domains", "accounts", "logins", "aliases"}; }

std::string account_key(AccountId id) { return Encoder().u64(id.value).str(); }

std::string encode_number(std::string_view key, std::uint64_t value) {
  return body::seal(Encoder().u64(value).str(), key);
}

std::string encode_domain(std::string_view name, std::string_view catch_all) {
  return body::seal(Encoder().octets(catch_all).str(), name);
}

std::string encode_account(const Account& account) {
  Encoder out;
  out.octets(account.address).octets(account.credential);
  out.u64(static_cast<std::uint64_t>(account.created)).u8(account.disabled ? kDisabled : 0);
  const base::Quota& quota = account.quota;
  if (!account.scram.empty() || quota.limited()) out.octets(account.scram);
  if (quota.limited()) {
    out.u8(static_cast<std::uint8_t>((quota.octets ? kLimitsOctets : 0) | (quota.messages ? kLimitsMessages : 0)));
    out.u64(quota.octets.value_or(0)).u64(quota.messages.value_or(0));
  }
  return body::seal(out.str(), account_key(account.id));
}

std::string encode_alias(std::string_view key, const Alias& alias) {
  Encoder out;
  out.octets(alias.address).varint(alias.targets.size());
  for (const auto& target : alias.targets) out.octets(target);
  return body::seal(out.str(), key);
}

Result<std::uint64_t> decode_number(std::string_view key, std::string_view stored) {
  TRY_ASSIGN(const auto record, open_record("number", stored, key));
  Decoder in(record);
  const auto value = in.u64();
  TRY(in.finish("accounts number"));
  return value;
}

Result<Domain> decode_domain(std::string_view name, std::string_view stored) {
  TRY_ASSIGN(const auto record, open_record("domain", stored, name));
  Decoder in(record);
  Domain domain{std::string(name), std::string(in.octets())};
  TRY(in.finish("domain"));
  return domain;
}

Result<Account> decode_account(AccountId id, std::string_view stored) {
  TRY_ASSIGN(const auto record, open_record("account", stored, account_key(id)));
  Decoder in(record);
  Account account;
  account.id = id;
  account.address = in.octets();
  account.credential = in.octets();
  account.created = static_cast<base::UnixTime>(in.u64());
  account.disabled = (in.u8() & kDisabled) != 0;
  if (!in.empty()) account.scram = in.octets();  // a record of an older program has none
  if (!in.empty()) {
    const std::uint8_t limits = in.u8();
    const std::uint64_t octets = in.u64();
    const std::uint64_t messages = in.u64();
    if ((limits & kLimitsOctets) != 0) account.quota.octets = octets;
    if ((limits & kLimitsMessages) != 0) account.quota.messages = messages;
  }
  TRY(in.finish("account"));
  return account;
}

Result<Alias> decode_alias(std::string_view key, std::string_view stored) {
  TRY_ASSIGN(const auto record, open_record("alias", stored, key));
  Decoder in(record);
  Alias alias;
  alias.address = in.octets();
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) alias.targets.emplace_back(in.octets());
  TRY(in.finish("alias"));
  return alias;
}

Result<std::optional<Account>> account_at(const ReadTxn& txn, const std::string& key) {
  TRY_ASSIGN(const auto number, txn.get(kLogins, key));
  if (!number) return std::optional<Account>{};
  TRY_ASSIGN(const auto id, decode_number(key, *number));
  return load_account(txn, AccountId{id});
}

Result<std::optional<Alias>> alias_at(const ReadTxn& txn, const std::string& key) {
  TRY_ASSIGN(const auto stored, txn.get(kAliases, key));
  if (!stored) return std::optional<Alias>{};
  TRY_ASSIGN(auto alias, decode_alias(key, *stored));
  return std::optional<Alias>{std::move(alias)};
}

Result<std::optional<Domain>> domain_at(const ReadTxn& txn, std::string_view name) {
  TRY_ASSIGN(const auto stored, txn.get(kDomains, name));
  if (!stored) return std::optional<Domain>{};
  TRY_ASSIGN(auto domain, decode_domain(name, *stored));
  return std::optional<Domain>{std::move(domain)};
}

namespace {

// Does `target` (an address as stored) lead to `key`, with or without its tag?
bool leads_to(const std::string& target, std::string_view key) {
  const auto address = parse_local_address(target);
  return address.ok() && (address->key() == key || address->untagged().key() == key);
}

}  // namespace

Result<std::string> referrers(const ReadTxn& txn, std::string_view key) {
  std::vector<std::string> found;
  TRY(for_each(txn, kAliases, [&](const lmdb::KeyValue& at) -> base::Status {
    TRY_ASSIGN(const auto alias, decode_alias(at.key, at.value));
    for (const auto& target : alias.targets) {
      if (!leads_to(target, key)) continue;
      found.push_back("alias " + alias.address);
      break;
    }
    return base::ok();
  }));
  TRY(for_each(txn, kDomains, [&](const lmdb::KeyValue& at) -> base::Status {
    TRY_ASSIGN(const auto domain, decode_domain(at.key, at.value));
    if (!domain.catch_all.empty() && leads_to(domain.catch_all, key)) found.push_back("catch-all of " + domain.name);
    return base::ok();
  }));
  return base::join(found, ", ");
}

}  // namespace hearthmail::store::accounts
