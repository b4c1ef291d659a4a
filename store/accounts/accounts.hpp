// Domains, accounts, credentials, aliases, catch-alls: who receives what, and who may send as whom.
//
// Addresses are kept as UTF-8; the domain lower-cased with A-labels converted to U-labels' A-form (IDNA2008, lower-case
// A-labels are stored), the local part compared case-insensitively in ASCII. "+tag" after the local part is ignored.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"
#include "common/base/quota.hpp"
#include "common/base/result.hpp"
#include "store/lmdb/env.hpp"

namespace hearthmail::store::accounts {

using base::AccountId;
using lmdb::ReadTxn;
using lmdb::WriteTxn;

constexpr std::size_t kMaxAliasDepth = 10;       // levels of aliases within aliases; ours
constexpr std::size_t kMaxAliasTargets = 1'000;  // of one alias; as many as recipients of one message, limits.md

struct Account {
  AccountId id;
  std::string address;     // its login name and primary address
  std::string credential;  // "$argon2id$..." as made by common/auth/password; empty: no login
  std::string scram;       // "SCRAM-SHA-256$..." as made by common/auth/scram_server; empty: no login by SCRAM
  base::UnixTime created = 0;
  bool disabled = false;  // cannot log in; still receives
  base::Quota quota;      // what it may keep
};

struct Alias {
  std::string address;
  std::vector<std::string> targets;  // local addresses (accounts or aliases), never outside ones
};

struct Domain {
  std::string name;
  std::string catch_all;  // a local address that gets what nobody else does; empty: none
};

// Account ids count up and are never reused.
base::Status add_domain(WriteTxn& txn, std::string_view name);     // Exists, Invalid
base::Status remove_domain(WriteTxn& txn, std::string_view name);  // Invalid while accounts or aliases use it
base::Status set_catch_all(WriteTxn& txn, std::string_view domain, std::string_view address);  // empty: none
base::Result<std::vector<Domain>> list_domains(const ReadTxn& txn);
base::Result<bool> is_local_domain(const ReadTxn& txn, std::string_view domain);

base::Result<AccountId> add_account(WriteTxn& txn, std::string_view address, std::string_view credential,
                                    base::UnixTime now,
                                    std::string_view scram = {});  // Exists; NotFound (domain, named in the text)
base::Status set_credential(WriteTxn& txn, std::string_view address, std::string_view credential,
                            std::string_view scram = {});
base::Status set_quota(WriteTxn& txn, std::string_view address, const base::Quota& quota);  // NotFound
// What the account may keep; one that is gone has no limits. On any thread.
base::Result<base::Quota> quota_of(const ReadTxn& txn, AccountId account);
// Invalid while an alias or a catch-all leads to it, naming them. Its mail is not touched.
base::Result<AccountId> remove_account(WriteTxn& txn, std::string_view address);
base::Result<std::vector<Account>> list_accounts(const ReadTxn& txn);
base::Result<std::optional<Account>> find_account(const ReadTxn& txn, std::string_view address);  // exact, no alias
base::Result<std::optional<Account>> load_account(const ReadTxn& txn, AccountId id);

// Makes or replaces an alias. Errors: Exists (an account has the address), NotFound (our domain, or a target that is no
// account or alias), Invalid (an outside target, or it would lead to no account: a loop), OverLimit (kMaxAliasTargets).
base::Status set_alias(WriteTxn& txn, std::string_view address, const std::vector<std::string>& targets);
// Invalid while another alias or a catch-all leads to it, naming them.
base::Status remove_alias(WriteTxn& txn, std::string_view address);
base::Result<std::vector<Alias>> list_aliases(const ReadTxn& txn);

enum class Found { Account, Alias, CatchAll, NoSuchUser, NotLocal };
struct Resolution {
  Found found = Found::NotLocal;
  std::vector<AccountId> accounts;  // without repeats; empty for NoSuchUser and NotLocal
};
// A random number made once: what the programs answer to a login that does not exist is made of it, so that every program
// says the same before and after a restart (RFC 5802 §9).
base::Result<std::uint64_t> unknown_login_secret(lmdb::Env& env);

// Who receives `address`: account, then alias (nested up to 10, loops end), both also without "+tag", then catch-all.
base::Result<Resolution> resolve(const ReadTxn& txn, std::string_view address);
// May `account` send as `address`? True when resolve(address) contains it.
base::Result<bool> may_send_as(const ReadTxn& txn, AccountId account, std::string_view address);

// Lower-cases the domain, applies IDNA, checks the shape; the local part stays as it is, quoted where RFC 5321 §4.1.2
// needs it. Invalid with what is wrong.
base::Result<std::string> normalize(std::string_view address);

class Store {
 public:
  // By default it refuses when an address may be missing: mail for it would be refused for good (550) instead of for now.
  static base::Result<std::unique_ptr<Store>> open(const std::string& directory,
                                                   lmdb::Misplaced misplaced = lmdb::Misplaced::Refuse);
  lmdb::Env& env() { return *env_; }

 private:
  Store() = default;
  std::unique_ptr<lmdb::Env> env_;
};

}  // namespace hearthmail::store::accounts
