#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/log/log.hpp"
#include "store/body/body.hpp"
#include "store/mail/rows.hpp"

namespace hearthmail::store::mail {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kInbox = "INBOX";

struct Standard {
  std::string_view name;
  SpecialUse use;
};
constexpr Standard kStandard[] = {{kInbox, SpecialUse::None},   {"Drafts", SpecialUse::Drafts},
                                  {"Sent", SpecialUse::Sent},   {"Junk", SpecialUse::Junk},
                                  {"Trash", SpecialUse::Trash}, {"Archive", SpecialUse::Archive}};

Result<std::optional<MailboxId>> lookup(const ReadTxn& txn, AccountId account, std::string_view name) {
  const std::string key = name_key(account, name);
  TRY_ASSIGN(const auto stored, txn.get(kNames, key));
  if (!stored) return std::optional<MailboxId>{};
  TRY_ASSIGN(const std::string_view plain, body::unseal(*stored, key));
  Decoder in(plain);
  const MailboxId box{in.u64()};
  TRY(in.finish("mailbox name"));
  return std::optional<MailboxId>{box};
}

Status put_name(WriteTxn& txn, AccountId account, std::string_view name, MailboxId box) {
  const std::string key = name_key(account, name);
  txn.notify(account_topic(account));
  return txn.put(kNames, key, body::seal(Encoder().u64(box.value).str(), key));
}

Status erase_name(WriteTxn& txn, AccountId account, std::string_view name) {
  txn.notify(account_topic(account));
  TRY(txn.erase(kNames, name_key(account, name)));
  return base::ok();
}

// RFC 9051 §2.3.1.1: a mailbox that is made again under an old name has a greater UIDVALIDITY. The time in seconds is its
// least value, so that this holds too for an account that was removed and made again, or a store that began anew.
Result<std::uint32_t> next_uid_validity(WriteTxn& txn, AccountId account) {
  const auto key = id_key(account.value);
  TRY_ASSIGN(const auto stored, txn.get(kAccounts, key));
  std::uint32_t last = 0;
  if (stored) {
    TRY_ASSIGN(const std::string_view plain, body::unseal(*stored, key));
    Decoder in(plain);
    last = in.u32();
    TRY(in.finish("account"));
  }
  if (last == 0xFFFFFFFF) return Error{Errc::OverLimit, "the account's UIDVALIDITY values are used up"};
  const auto now = static_cast<std::uint32_t>(std::clamp<base::UnixTime>(base::Clock::system().now(), 1, 0xFFFFFFFE));
  const std::uint32_t next = std::max(last + 1, now);
  TRY(txn.put(kAccounts, key, body::seal(Encoder().u32(next).str(), key)));
  return next;
}

// Makes one mailbox under a free, normal name. It has the access list of the mailbox above it.
Result<MailboxRecord> make(WriteTxn& txn, AccountId account, std::string_view name, SpecialUse use) {
  MailboxRecord record;
  TRY_ASSIGN(record.id.value, next_number(txn, "mailbox"));
  TRY_ASSIGN(record.uid_validity, next_uid_validity(txn, account));
  record.account = account;
  record.name = name;
  record.special_use = use;
  TRY(put_name(txn, account, name, record.id));
  TRY(save_record(txn, record));
  const auto cut = name.rfind('/');
  if (cut == std::string_view::npos) return record;
  TRY_ASSIGN(const auto parent, lookup(txn, account, name.substr(0, cut)));
  if (parent) TRY(inherit_acl(txn, *parent, record.id));
  return record;
}

Status make_parents(WriteTxn& txn, AccountId account, std::string_view name) {
  for (auto slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
    TRY_ASSIGN(const auto there, lookup(txn, account, name.substr(0, slash)));
    if (!there) TRY(make(txn, account, name.substr(0, slash), SpecialUse::None));
  }
  return base::ok();
}

// Calls `each(key, value)` for every record of a table whose keys begin with the account.
template <class F>
Status each_of_account(const ReadTxn& txn, Table table, AccountId account, F each) {
  return for_each_row(txn, table, id_key(account.value), [&](const lmdb::KeyValue& at) -> Status {
    TRY_ASSIGN(const std::string_view plain, body::unseal(at.value, at.key));
    return each(plain);
  });
}

// The mailbox that one row of `names` leads to.
Result<Mailbox> named_mailbox(const ReadTxn& txn, const lmdb::KeyValue& row) {
  TRY_ASSIGN(const std::string_view plain, body::unseal(row.value, row.key));
  Decoder in(plain);
  const MailboxId box{in.u64()};
  TRY(in.finish("mailbox name"));
  return load_mailbox(txn, box);
}

// All mailboxes by name. With `damaged` those whose name or record cannot be read are passed over and counted there.
Result<std::vector<Mailbox>> all_mailboxes(const ReadTxn& txn, AccountId account, std::size_t* damaged) {
  std::vector<Mailbox> all;
  TRY(for_each_row(txn, kNames, id_key(account.value), [&](const lmdb::KeyValue& at) -> Status {
    auto box = named_mailbox(txn, at);
    const bool lost = !box.ok() && (box.error().code == Errc::Corrupt || box.error().code == Errc::NotFound);
    if (!box.ok() && (!lost || damaged == nullptr)) return box.error();
    if (lost) ++*damaged;
    else all.push_back(std::move(*box));
    return base::ok();
  }));
  std::sort(all.begin(), all.end(), [](const Mailbox& a, const Mailbox& b) { return a.name < b.name; });
  return all;
}

Status remove_mailbox(WriteTxn& txn, const MailboxRecord& record) {
  std::vector<std::uint64_t> blobs;
  blobs.reserve(record.messages);
  TRY(scan_messages(txn, record.id, Uid{1}, Uid{0xFFFFFFFF}, [&](const Message& message) {
    blobs.push_back(message.blob);
    return true;
  }));
  const auto prefix = id_key(record.id.value);
  TRY(txn.erase_prefix(kMessages, prefix));
  TRY(txn.erase_prefix(kChanges, prefix));
  TRY(txn.erase_prefix(kExpunges, prefix));
  TRY(txn.erase_prefix(kMetadata, prefix));
  TRY(txn.erase(kKeywords, prefix));
  TRY(txn.erase(kMailboxes, prefix));
  TRY(erase_acl(txn, record.id));
  TRY(erase_name(txn, record.account, record.name));
  txn.notify(record.id.value);
  return drop_references(txn, std::move(blobs));
}

// RFC 9051 §6.3.6: renaming INBOX moves its messages; its children stay where they are.
Status rename_inbox(WriteTxn& txn, MailboxId inbox, AccountId account, const std::string& to) {
  TRY(make_parents(txn, account, to));
  TRY_ASSIGN(const MailboxRecord target, make(txn, account, to, SpecialUse::None));
  TRY_ASSIGN(const std::vector<Uid> uids, list_uids(txn, inbox));
  if (uids.empty()) return base::ok();
  TRY(move(txn, inbox, uids, target.id));
  return base::ok();
}

// The mailbox `from` and its children, with their new names.
Result<std::vector<std::pair<MailboxId, std::string>>> plan_rename(const ReadTxn& txn, AccountId account,
                                                                   const std::string& from, const std::string& to) {
  std::vector<std::pair<MailboxId, std::string>> plan;
  TRY_ASSIGN(const std::vector<Mailbox> all, all_mailboxes(txn, account, nullptr));
  for (const Mailbox& box : all) {
    if (box.name != from && !box.name.starts_with(from + "/")) continue;
    TRY_ASSIGN(std::string name, normal_name(to + box.name.substr(from.size())));
    TRY_ASSIGN(const auto taken, lookup(txn, account, name));
    if (taken) return Error{Errc::Exists, "a mailbox of the new name exists"};
    plan.emplace_back(box.id, std::move(name));
  }
  if (plan.empty()) return Error{Errc::NotFound, "no such mailbox"};
  return plan;
}

}  // namespace

Status ensure_account(WriteTxn& txn, AccountId account) {
  if (has_account(txn, account)) return base::ok();
  for (const Standard& standard : kStandard) {
    TRY(make(txn, account, standard.name, standard.use));
    TRY(set_subscribed(txn, account, standard.name, true));
  }
  return base::ok();
}

bool has_account(const ReadTxn& txn, AccountId account) {
  auto inbox = lookup(txn, account, kInbox);
  return inbox.ok() && inbox->has_value();
}

Status delete_account(WriteTxn& txn, AccountId account) {
  TRY_ASSIGN(const std::vector<Mailbox> all, all_mailboxes(txn, account, nullptr));
  for (const Mailbox& box : all) {
    TRY_ASSIGN(const MailboxRecord record, load_record(txn, box.id));
    TRY(remove_mailbox(txn, record));
  }
  TRY(txn.erase_prefix(kSubscriptions, id_key(account.value)));
  TRY(forget_in_acls(txn, account));
  TRY(txn.erase_prefix(kMetadata, annotation_key(MailboxId{0}, account, "")));
  txn.notify(account_topic(account));
  return base::ok();
}

Result<std::vector<Mailbox>> list_mailboxes(const ReadTxn& txn, AccountId account) {
  std::size_t damaged = 0;
  TRY_ASSIGN(auto all, all_mailboxes(txn, account, &damaged));
  if (damaged > 0) {
    log::error("mailboxes cannot be read and are not listed; run `hearthmail check`",
               {{"account", account.value}, {"mailboxes", damaged}});
  }
  return all;
}

Result<Mailbox> find_mailbox(const ReadTxn& txn, AccountId account, std::string_view name) {
  auto normal = normal_name(name);
  if (!normal.ok()) return Error{Errc::NotFound, "no such mailbox"};
  TRY_ASSIGN(const auto box, lookup(txn, account, *normal));
  if (!box) return Error{Errc::NotFound, "no such mailbox"};
  return load_mailbox(txn, *box);
}

Result<Mailbox> load_mailbox(const ReadTxn& txn, MailboxId box) {
  TRY_ASSIGN(MailboxRecord record, load_record(txn, box));
  return static_cast<Mailbox&&>(record);
}

Result<Mailbox> find_special(const ReadTxn& txn, AccountId account, SpecialUse use) {
  TRY_ASSIGN(const std::vector<Mailbox> all, list_mailboxes(txn, account));
  for (const Mailbox& box : all) {
    if (use != SpecialUse::None && box.special_use == use) return box;
  }
  return Error{Errc::NotFound, "no mailbox with that special use"};
}

Result<Mailbox> create_mailbox(WriteTxn& txn, AccountId account, std::string_view name, SpecialUse use) {
  TRY_ASSIGN(const std::string normal, normal_name(name));
  TRY_ASSIGN(const auto taken, lookup(txn, account, normal));
  if (taken) return Error{Errc::Exists, "the mailbox exists"};
  if (use != SpecialUse::None && find_special(txn, account, use).ok()) {
    return Error{Errc::Unsupported, "another mailbox has that special use"};  // RFC 6154 §3: USEATTR
  }
  TRY(make_parents(txn, account, normal));
  TRY_ASSIGN(MailboxRecord record, make(txn, account, normal, use));
  return static_cast<Mailbox&&>(record);
}

Status delete_mailbox(WriteTxn& txn, MailboxId box) {
  TRY_ASSIGN(const MailboxRecord record, load_record(txn, box));
  if (record.name == kInbox) return Error{Errc::Invalid, "INBOX cannot be deleted"};  // RFC 9051 §6.3.5
  return remove_mailbox(txn, record);
}

Result<bool> is_named(const ReadTxn& txn, AccountId account, std::string_view name) {
  TRY_ASSIGN(const auto box, lookup(txn, account, name));
  return box.has_value();
}

Status give_name(WriteTxn& txn, MailboxId box, const std::string& name) {
  TRY_ASSIGN(MailboxRecord record, load_record(txn, box));
  TRY(erase_name(txn, record.account, record.name));
  record.name = name;
  TRY(save_record(txn, record));
  TRY(put_name(txn, record.account, name, box));
  return notify_acl(txn, box);
}

Status rename_mailbox(WriteTxn& txn, AccountId account, std::string_view from, std::string_view to) {
  auto old_name = normal_name(from);
  if (!old_name.ok()) return Error{Errc::NotFound, "no such mailbox"};
  TRY_ASSIGN(const std::string new_name, normal_name(to));
  TRY_ASSIGN(const auto taken, lookup(txn, account, new_name));
  if (taken) return Error{Errc::Exists, "a mailbox of the new name exists"};
  if (*old_name == kInbox) {
    TRY_ASSIGN(const auto inbox, lookup(txn, account, kInbox));
    if (!inbox) return Error{Errc::NotFound, "no such mailbox"};
    return rename_inbox(txn, *inbox, account, new_name);
  }
  if (new_name.starts_with(*old_name + "/")) return Error{Errc::Invalid, "a mailbox cannot move into itself"};
  TRY_ASSIGN(const auto plan, plan_rename(txn, account, *old_name, new_name));
  for (const auto& [box, name] : plan) TRY(give_name(txn, box, name));
  return make_parents(txn, account, new_name);
}

Result<std::vector<std::string>> list_subscriptions(const ReadTxn& txn, AccountId account) {
  std::vector<std::string> names;
  TRY(each_of_account(txn, kSubscriptions, account, [&](std::string_view plain) -> Status {
    names.emplace_back(plain);
    return base::ok();
  }));
  std::sort(names.begin(), names.end());
  return names;
}

Status set_subscribed(WriteTxn& txn, AccountId account, std::string_view name, bool subscribed) {
  TRY_ASSIGN(const std::string normal, normal_name(name));
  const std::string key = name_key(account, normal);
  txn.notify(account_topic(account));
  if (subscribed) return txn.put(kSubscriptions, key, body::seal(normal, key));
  TRY(txn.erase(kSubscriptions, key));
  return base::ok();
}

}  // namespace hearthmail::store::mail
