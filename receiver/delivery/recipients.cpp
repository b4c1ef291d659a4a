// Who receives an address here, and whether they may.
#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/text.hpp"
#include "receiver/delivery/delivery.hpp"
#include "store/mail/quota.hpp"

namespace hearthmail::receiver::delivery {
namespace {

using hearthmail::smtp::ServerReply;
using store::accounts::Found;
using store::accounts::Resolution;

bool is_postmaster(const hearthmail::smtp::Address& address) { return base::iequals(address.local, "postmaster"); }

// The account that is there longest, in `domain` if it has any.
base::Result<Resolution> first_account(const store::lmdb::ReadTxn& txn, std::string_view domain) {
  TRY_ASSIGN(const auto accounts, store::accounts::list_accounts(txn));
  const store::accounts::Account* first = nullptr;
  bool first_in_domain = false;
  for (const auto& account : accounts) {
    const auto at = account.address.rfind('@');
    const bool in_domain =
        at != std::string::npos && base::iequals(std::string_view(account.address).substr(at + 1), domain);
    const bool better =
        first == nullptr || in_domain > first_in_domain || (in_domain == first_in_domain && account.id < first->id);
    if (!better) continue;
    first = &account;
    first_in_domain = in_domain;
  }
  if (first == nullptr) return Resolution{Found::NoSuchUser, {}};
  return Resolution{Found::Account, {first->id}};
}

// Those of `accounts` that have limits, with them.
base::Result<std::vector<std::pair<base::AccountId, base::Quota>>> limits_of(
    store::accounts::Store& store, const std::vector<base::AccountId>& accounts) {
  return store.env().read(
      [&](const store::lmdb::ReadTxn& txn) -> base::Result<std::vector<std::pair<base::AccountId, base::Quota>>> {
        std::vector<std::pair<base::AccountId, base::Quota>> limited;
        for (const auto id : accounts) {
          TRY_ASSIGN(const base::Quota quota, store::accounts::quota_of(txn, id));
          if (quota.limited()) limited.emplace_back(id, quota);
        }
        return limited;
      });
}

// May none of `accounts` keep one more message? One that may is enough: an alias is not closed by its fullest member.
base::Result<bool> all_full(const Services& services, const std::vector<base::AccountId>& accounts,
                            std::uint64_t octets) {
  TRY_ASSIGN(const auto limited, limits_of(services.accounts, accounts));
  if (limited.empty() || limited.size() < accounts.size()) return false;
  return services.mail.env().read([&](const store::lmdb::ReadTxn& txn) -> base::Result<bool> {
    for (const auto& [account, quota] : limited) {
      TRY_ASSIGN(const auto now, store::mail::usage(txn, account));
      const store::mail::Usage one{std::max<std::uint64_t>(octets, 1), 1};
      if (store::mail::check_room(now, quota, one).ok()) return false;
    }
    return true;
  });
}

}  // namespace

base::Result<Resolution> resolve_recipient(const store::lmdb::ReadTxn& txn, const hearthmail::smtp::Address& address) {
  hearthmail::smtp::Address full = address;
  if (full.domain.empty()) {  // <Postmaster>, RFC 5321 §4.1.1.3
    TRY_ASSIGN(const auto domains, store::accounts::list_domains(txn));
    if (domains.empty()) return Resolution{Found::NotLocal, {}};
    full.domain = domains.front().name;
  }
  TRY_ASSIGN(auto resolution, store::accounts::resolve(txn, full.str()));
  if (resolution.found != Found::NoSuchUser || !is_postmaster(full)) return resolution;
  return first_account(txn, full.domain);
}

ServerReply Delivery::check_recipient(hearthmail::smtp::Recipient& recipient, std::uint64_t octets) const {
  const auto& env = services_.accounts.env();
  auto found =
      env.read([&recipient](const store::lmdb::ReadTxn& txn) { return resolve_recipient(txn, recipient.address); });
  if (!found.ok()) return {451, "4.3.0", "Local error, try again later"};
  switch (found->found) {
    case Found::Account:
    case Found::Alias:
    case Found::CatchAll: break;
    case Found::NoSuchUser: return {550, "5.1.1", "No such user here"};
    case Found::NotLocal: return {554, "5.7.1", "Relay access denied"};
  }
  const auto full = all_full(services_, found->accounts, octets);
  if (!full.ok()) return {451, "4.3.0", "Local error, try again later"};
  if (*full) return {452, "4.2.2", "Mailbox is full"};  // RFC 5321 §4.5.3.1.10, RFC 3463 §3.3: the sender tries again
  recipient.accounts = std::move(found->accounts);
  return {250, "2.1.5", "Recipient OK"};
}

}  // namespace hearthmail::receiver::delivery
