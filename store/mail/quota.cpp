#include "store/mail/quota.hpp"

#include <string>

namespace hearthmail::store::mail {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

Result<Usage> usage(const ReadTxn& txn, AccountId account) {
  Usage sum;
  TRY_ASSIGN(const auto boxes, list_mailboxes(txn, account));
  for (const Mailbox& box : boxes) {
    sum.octets += box.octets;
    sum.messages += box.messages;
  }
  return sum;
}

Status check_room(const Usage& now, const base::Quota& quota, const Usage& added) {
  const auto over = [](const std::optional<std::uint64_t>& limit, std::uint64_t is, std::uint64_t more) {
    return limit.has_value() && more > 0 && (is > *limit || more > *limit - is);
  };
  if (over(quota.octets, now.octets, added.octets)) {
    return Error{Errc::OverLimit, "the account's limit of " + std::to_string(*quota.octets) + " octets"};
  }
  if (over(quota.messages, now.messages, added.messages)) {
    return Error{Errc::OverLimit, "the account's limit of " + std::to_string(*quota.messages) + " messages"};
  }
  return base::ok();
}

Result<QuotaGuard> QuotaGuard::begin(const ReadTxn& txn, AccountId account, const base::Quota& quota) {
  QuotaGuard guard(account, quota);
  if (quota.limited()) {
    TRY_ASSIGN(guard.before_, usage(txn, account));
  }
  return guard;
}

Status QuotaGuard::end(const ReadTxn& txn) const {
  if (!quota_.limited()) return base::ok();
  TRY_ASSIGN(const Usage after, usage(txn, account_));
  const auto more = [](std::uint64_t now, std::uint64_t then) { return now > then ? now - then : 0; };
  const Usage added{more(after.octets, before_.octets), more(after.messages, before_.messages)};
  return check_room({after.octets - added.octets, after.messages - added.messages}, quota_, added);
}

}  // namespace hearthmail::store::mail
