#include "relay/submission/sender.hpp"

namespace hearthmail::relay::submission {

base::Status check_sender(const store::lmdb::ReadTxn& txn, base::AccountId account, std::string_view login,
                          std::string_view address) {
  TRY_ASSIGN(const bool allowed, store::accounts::may_send_as(txn, account, address));
  if (allowed) return base::ok();
  const std::string who(login);
  const std::string as(address);
  std::string text = who + " may not send as " + as;
  const auto at = as.rfind('@');
  const std::string domain = at == std::string::npos ? std::string() : as.substr(at + 1);
  const auto local = store::accounts::is_local_domain(txn, domain);
  if (domain.empty()) {
    text += "; the address needs a domain";
  } else if (local.ok() && *local) {
    text += "; add it: hearthmail alias add " + as + " " + who;
  } else {
    text += "; " + domain + " is not a domain of this server: hearthmail domain add " + domain +
            ", then hearthmail alias add " + as + " " + who;
  }
  return base::Error{base::Errc::Denied, text};
}

}  // namespace hearthmail::relay::submission
