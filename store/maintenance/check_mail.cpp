// The mail environment, part after part; and what its accounts and mailboxes are called.
#include "store/maintenance/check_mail.hpp"

#include "common/base/text.hpp"

namespace hearthmail::store::maintenance {

using base::Result;
using base::Status;

Result<Names> Names::load(accounts::Store* accounts) {
  Names names;
  if (accounts == nullptr) return names;
  // A login that cannot be read is a finding of its own; here it only costs the account its name.
  const auto all = accounts->env().read([](const ReadTxn& txn) { return accounts::list_accounts(txn); });
  if (!all.ok()) return names;
  for (const auto& account : *all) names.addresses_[account.id.value] = account.address;
  return names;
}

std::string Names::account(mail::AccountId account) const {
  const auto at = addresses_.find(account.value);
  return at != addresses_.end() ? at->second : "account " + std::to_string(account.value);
}

std::string Names::mailbox(const ReadTxn& txn, mail::MailboxId box) const {
  const auto record = mail::load_record(txn, box);
  if (!record.ok()) return "mailbox " + std::to_string(box.value);
  return account(record->account) + " " + base::printable(record->name);
}

std::string Names::message(const ReadTxn& txn, mail::MailboxId box, mail::Uid uid) const {
  return mailbox(txn, box) + " UID " + std::to_string(uid.value);
}

Status check_mail(mail::Store& store, accounts::Store* accounts, const CheckOptions& options, Report& report) {
  const std::vector<std::string> tables(mail::kTableNames.begin(), mail::kTableNames.end());
  Scan scan(store.env(), "mail", tables, options, report);
  TRY_ASSIGN(const Names names, Names::load(accounts));
  ReferredBy referred;
  TRY(check_mailboxes(scan, names, referred));
  TRY(check_bodies(scan, names));
  TRY(check_deliveries(scan, names));
  TRY(check_acl(scan, names));
  return check_references(scan, std::move(referred));
}

}  // namespace hearthmail::store::maintenance
