// What an account keeps, and whether it may keep more: RFC 9208. What is counted are the mailboxes' own counts, which change
// in the transactions that add and remove messages and which `hearthmail check` recounts: there is no second account of them
// that could differ. So it costs as much as the account has mailboxes; accounts without limits are never counted.
#pragma once

#include "common/base/quota.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

struct Usage {
  std::uint64_t octets = 0;
  std::uint64_t messages = 0;
  bool operator==(const Usage&) const = default;
};
// Of all mailboxes of the account; nothing for one that has none yet.
base::Result<Usage> usage(const ReadTxn& txn, AccountId account);

// Is there room for `added` besides what is there? OverLimit, saying which limit.
base::Status check_room(const Usage& now, const base::Quota& quota, const Usage& added);

// Around steps that add and remove in one transaction: what was there before, then whether the limits still hold. Who is over
// them already may still change what is there, only not make it more.
class QuotaGuard {
 public:
  static base::Result<QuotaGuard> begin(const ReadTxn& txn, AccountId account, const base::Quota& quota);
  base::Status end(const ReadTxn& txn) const;  // OverLimit

 private:
  QuotaGuard(AccountId account, const base::Quota& quota) : account_(account), quota_(quota) {}
  AccountId account_;
  base::Quota quota_;
  Usage before_;
};

}  // namespace hearthmail::store::mail
