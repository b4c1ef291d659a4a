#include "receiver/pop3/maildrops.hpp"

namespace hearthmail::receiver::pop3 {

Maildrops::Lease::~Lease() {
  if (owner_ != nullptr) owner_->unlock(account_);
}

std::optional<Maildrops::Lease> Maildrops::lock(base::AccountId account) {
  const std::lock_guard guard(mutex_);
  if (!held_.insert(account.value).second) return std::nullopt;
  return Lease(this, account);
}

void Maildrops::unlock(base::AccountId account) {
  const std::lock_guard guard(mutex_);
  held_.erase(account.value);
}

}  // namespace hearthmail::receiver::pop3
