#include "receiver/imap/rights.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace hearthmail::receiver::imap {

namespace mail = store::mail;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

Error no_such_mailbox() { return {Errc::NotFound, "no such mailbox"}; }

Error no_place() { return {Errc::Denied, "You may not make mailboxes there"}; }

Error lacks(Rights missing) {
  return {Errc::Denied, "You lack the right \"" + missing.letters() + "\" on this mailbox"};
}

// What the name says of whose mailbox it is: "Shared/anna@example.org/Plans" -> the account, "Plans".
Result<Target> other_account(const Connection& connection, std::string_view name) {
  const AccountDirectory* accounts = connection.services().accounts;
  auto shared = mail::parse_shared_name(name);
  if (accounts == nullptr || !shared) return no_such_mailbox();
  TRY_ASSIGN(const auto owner, accounts->find(shared->address));
  // One spelling only, so that no mailbox has two names.
  if (!owner || owner->address != shared->address || owner->account == connection.account()) return no_such_mailbox();
  return Target{connection.account(), owner->account, std::move(shared->mailbox),
                mail::shared_name(owner->address, "")};
}

// The mailbox and the user's rights, whatever they are.
Result<Reached> find(const mail::ReadTxn& txn, const Target& target) {
  TRY_ASSIGN(auto mailbox, mail::find_mailbox(txn, target.owner, target.name));
  TRY_ASSIGN(const Rights rights, mail::rights_of(txn, mailbox, target.user));
  std::string shown = target.prefix + mailbox.name;
  return Reached{std::move(mailbox), rights, std::move(shown)};
}

void tell_changed(Connection& connection, bool was_read_only) {
  View& view = connection.view();
  view.put_flag_lists(connection.out);
  if (view.read_only() == was_read_only) return;
  // RFC 9051 §7.1: the access of the selected mailbox has changed.
  connection.out +=
      view.read_only() ? "* OK [READ-ONLY] Rights were withdrawn\r\n" : "* OK [READ-WRITE] Rights were granted\r\n";
}

}  // namespace

Result<Target> target_of(const mail::ReadTxn& txn, const Connection& connection, std::string_view name) {
  const base::AccountId user = connection.account();
  Target own{user, user, std::string(name), ""};
  if (!name.starts_with(kSharedPrefix)) return own;
  const auto there = mail::find_mailbox(txn, user, name);
  if (there.ok()) return own;  // also for CREATE: it exists
  if (there.error().code != Errc::NotFound) return there.error();
  return other_account(connection, name);
}

Result<Target> find_target(const Connection& connection, std::string_view name) {
  return connection.env().read([&](const mail::ReadTxn& txn) { return target_of(txn, connection, name); });
}

Result<Target> find_new_target(const Connection& connection, std::string_view name) {
  auto target = find_target(connection, name);
  if (!target.ok() && target.error().code == Errc::NotFound) return no_place();
  if (!target.ok()) return target.error();
  const bool reserved = name == kSharedPrefix.substr(0, kSharedPrefix.size() - 1);
  if (reserved) return Error{Errc::Invalid, "\"Shared\" is where the mailboxes of others are"};
  return target;
}

Result<Reached> reach(const mail::ReadTxn& txn, const Target& target, Rights needed) {
  TRY_ASSIGN(auto reached, find(txn, target));
  if (reached.rights.has(needed)) return reached;
  if (!reached.rights.has(Right::Lookup)) return no_such_mailbox();
  return lacks(needed.without(reached.rights));
}

Result<Reached> reach_any(const mail::ReadTxn& txn, const Target& target, Rights needed) {
  TRY_ASSIGN(auto reached, find(txn, target));
  if (reached.rights.has_any(needed)) return reached;
  return no_such_mailbox();
}

Status check_create(const mail::ReadTxn& txn, const Target& target) {
  if (target.own()) return base::ok();
  std::string_view above = target.name;
  for (auto cut = above.rfind('/'); cut != std::string_view::npos; cut = above.rfind('/')) {
    above = above.substr(0, cut);
    const auto parent = mail::find_mailbox(txn, target.owner, above);
    if (!parent.ok() && parent.error().code == Errc::NotFound) continue;
    if (!parent.ok()) return parent.error();
    TRY_ASSIGN(const Rights rights, mail::rights_of(txn, *parent, target.user));
    if (rights.has(Right::Create)) return base::ok();
    break;
  }
  return no_place();
}

Result<Rights> check_rights(const mail::ReadTxn& txn, const Holder& holder, Rights needed) {
  if (holder.own) return Rights::all();
  TRY_ASSIGN(const auto mailbox, mail::load_mailbox(txn, holder.box));
  TRY_ASSIGN(const Rights rights, mail::rights_of(txn, mailbox, holder.user));
  if (!rights.has(Right::Read)) return no_such_mailbox();
  if (!rights.has(needed)) return lacks(needed.without(rights));
  return rights;
}

Error not_allowed(const View& view, Rights needed) {
  if (view.examined()) return {Errc::Denied, "Mailbox is open read-only"};
  return lacks(needed.without(view.rights()));
}

Status renew_rights(const mail::ReadTxn& txn, Connection& connection) {
  View& view = connection.view();
  if (view.own()) return base::ok();
  TRY_ASSIGN(const auto mailbox, mail::load_mailbox(txn, view.box()));
  TRY_ASSIGN(const Rights rights, mail::rights_of(txn, mailbox, connection.account()));
  if (!rights.has(Right::Read)) return no_such_mailbox();
  if (rights == view.rights()) return base::ok();
  const bool was_read_only = view.read_only();
  const Rights flags{Right::KeepSeen, Right::Write, Right::DeleteMessages};
  const bool others = rights.both(flags) != view.rights().both(flags);
  view.set_rights(rights, false);
  if (others || view.read_only() != was_read_only) tell_changed(connection, was_read_only);
  return base::ok();
}

Result<std::vector<Reached>> shared_mailboxes(const mail::ReadTxn& txn, const Connection& connection) {
  std::vector<Reached> all;
  const AccountDirectory* accounts = connection.services().accounts;
  if (accounts == nullptr) return all;
  TRY_ASSIGN(const auto boxes, mail::shared_with(txn, connection.account()));
  std::map<std::uint64_t, std::optional<std::string>> owners;  // their addresses; none: the account was removed
  for (const base::MailboxId box : boxes) {
    auto mailbox = mail::load_mailbox(txn, box);
    // A damaged list or record hides that mailbox, not the others; `hearthmail check` names it.
    if (!mailbox.ok() || mailbox->account == connection.account()) continue;
    const auto rights = mail::rights_of(txn, *mailbox, connection.account());
    if (!rights.ok() || !rights->has(Right::Lookup)) continue;
    auto owner = owners.find(mailbox->account.value);
    if (owner == owners.end()) {
      TRY_ASSIGN(auto address, accounts->address_of(mailbox->account));
      owner = owners.emplace(mailbox->account.value, std::move(address)).first;
    }
    if (!owner->second) continue;
    std::string shown = mail::shared_name(*owner->second, mailbox->name);
    mailbox->name = shown;
    mailbox->special_use = mail::SpecialUse::None;
    all.push_back({std::move(*mailbox), *rights, std::move(shown)});
  }
  std::sort(all.begin(), all.end(), [](const Reached& a, const Reached& b) { return a.shown < b.shown; });
  return all;
}

}  // namespace hearthmail::receiver::imap
