#include "receiver/imap/normal_names.hpp"

#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "receiver/imap/text/net_unicode.hpp"
#include "store/mail/normal_names.hpp"

namespace hearthmail::receiver::imap {
namespace {

namespace mail = store::mail;

base::Status normalise(store::mail::Store& store, base::AccountId account) {
  const mail::NameForm form = text::net_unicode;
  TRY_ASSIGN(const bool some,
             store.env().read([&](const mail::ReadTxn& txn) { return mail::has_other_names(txn, account, form); }));
  if (!some) return base::ok();
  TRY_ASSIGN(const auto renamed,
             store.env().write([&](mail::WriteTxn& txn) { return mail::rename_to_form(txn, account, form); }));
  for (const auto& [from, to] : renamed) {
    log::warning("a mailbox name was not composed (NFC) and no client could use it: renamed",
                 {{"account", account.value}, {"from", base::printable(from, 200)}, {"to", base::printable(to, 200)}});
  }
  return base::ok();
}

}  // namespace

void normalise_names(store::mail::Store& store, const std::function<bool()>& stopping) {
  base::AccountId account{0};
  while (!stopping()) {
    const auto next =
        store.env().read([account](const mail::ReadTxn& txn) { return mail::next_account(txn, account); });
    if (!next.ok() || !*next) return;
    account = **next;
    const auto done = normalise(store, account);
    if (!done.ok()) {
      log::warning("names of mailboxes cannot be looked through",
                   {{"account", account.value}, {"error", done.error().text}});
    }
  }
}

}  // namespace hearthmail::receiver::imap
