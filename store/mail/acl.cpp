#include "store/mail/acl.hpp"

#include <algorithm>

#include "common/base/bytes.hpp"
#include "store/body/body.hpp"
#include "store/mail/rows.hpp"

namespace hearthmail::store::mail {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

Result<AclEntry> decode_acl(std::string_view key, std::string_view value) {
  TRY_ASSIGN(const std::string_view plain, body::unseal(value, key));
  Decoder in(plain);
  AclEntry entry;
  entry.account = AccountId{big_endian<std::uint64_t>(key, 8)};
  entry.granted = Rights::of_bits(in.u32());
  entry.denied = Rights::of_bits(in.u32());
  TRY(in.finish("access list entry"));
  return entry;
}

Result<std::vector<AclEntry>> list_acl(const ReadTxn& txn, MailboxId box) {
  std::vector<AclEntry> entries;
  TRY(for_each_row(txn, kAcl, id_key(box.value), [&](const lmdb::KeyValue& at) -> Status {
    TRY_ASSIGN(const AclEntry entry, decode_acl(at.key, at.value));
    entries.push_back(entry);
    return base::ok();
  }));
  return entries;
}

Result<AclEntry> find_acl(const ReadTxn& txn, MailboxId box, AccountId account) {
  const auto key = pair_key(box.value, account.value);
  TRY_ASSIGN(const auto stored, txn.get(kAcl, key));
  if (!stored) return AclEntry{account, {}, {}};
  return decode_acl(key, *stored);
}

Status set_acl(WriteTxn& txn, MailboxId box, const AclEntry& entry) {
  const auto key = pair_key(box.value, entry.account.value);
  const auto member = pair_key(entry.account.value, box.value);
  txn.notify(box.value);
  txn.notify(account_topic(entry.account));
  if (entry.granted.empty() && entry.denied.empty()) {
    TRY(txn.erase(kAcl, key));
    TRY(txn.erase(kAclMembers, member));
    return base::ok();
  }
  TRY_ASSIGN(const auto present, txn.get(kAcl, key));
  if (!present) {
    TRY_ASSIGN(const auto entries, list_acl(txn, box));
    if (entries.size() >= kMaxAclEntries) return Error{Errc::OverLimit, "the access list has its 1000 identifiers"};
  }
  const std::string record = Encoder().u32(entry.granted.bits()).u32(entry.denied.bits()).str();
  TRY(txn.put(kAcl, key, body::seal(record, key)));
  return txn.put(kAclMembers, member, "");
}

Result<Rights> rights_of(const ReadTxn& txn, const Mailbox& box, AccountId account) {
  if (box.account == account) return Rights::all();
  TRY_ASSIGN(const AclEntry own, find_acl(txn, box.id, account));
  TRY_ASSIGN(const AclEntry anyone, find_acl(txn, box.id, kAnyone));
  return own.granted.with(anyone.granted).without(own.denied.with(anyone.denied));
}

namespace {

// Adds the mailboxes whose lists name `member`.
Status add_named(const ReadTxn& txn, AccountId member, std::vector<MailboxId>& boxes) {
  return for_each_row(txn, kAclMembers, id_key(member.value), [&](const lmdb::KeyValue& at) {
    boxes.push_back(MailboxId{big_endian<std::uint64_t>(at.key, 8)});
    return base::ok();
  });
}

}  // namespace

Result<std::vector<MailboxId>> shared_with(const ReadTxn& txn, AccountId account) {
  std::vector<MailboxId> boxes;
  for (const AccountId member : {kAnyone, account}) TRY(add_named(txn, member, boxes));
  std::sort(boxes.begin(), boxes.end());
  boxes.erase(std::unique(boxes.begin(), boxes.end()), boxes.end());
  return boxes;
}

Status forget_in_acls(WriteTxn& txn, AccountId account) {
  std::vector<MailboxId> boxes;
  TRY(add_named(txn, account, boxes));
  for (const MailboxId box : boxes) TRY(set_acl(txn, box, {account, {}, {}}));
  return base::ok();
}

FlagMask flags_of(Rights rights) {
  FlagMask mask{0, rights.has(Right::Write)};
  if (rights.has(Right::KeepSeen)) mask.system |= kSeen;
  if (rights.has(Right::DeleteMessages)) mask.system |= kDeleted;
  if (rights.has(Right::Write)) mask.system |= static_cast<std::uint8_t>(kAnswered | kFlagged | kDraft);
  return mask;
}

Status inherit_acl(WriteTxn& txn, MailboxId parent, MailboxId child) {
  TRY_ASSIGN(const auto entries, list_acl(txn, parent));
  for (const AclEntry& entry : entries) TRY(set_acl(txn, child, entry));
  return base::ok();
}

Status erase_acl(WriteTxn& txn, MailboxId box) {
  TRY_ASSIGN(const auto members, acl_members(txn, box));
  for (const AccountId account : members) TRY(set_acl(txn, box, {account, {}, {}}));
  return base::ok();
}

Status notify_acl(WriteTxn& txn, MailboxId box) {
  TRY_ASSIGN(const auto members, acl_members(txn, box));
  for (const AccountId account : members) txn.notify(account_topic(account));
  return base::ok();
}

Result<std::vector<AccountId>> acl_members(const ReadTxn& txn, MailboxId box) {
  std::vector<AccountId> members;
  TRY(for_each_row(txn, kAcl, id_key(box.value), [&](const lmdb::KeyValue& at) {
    members.push_back(AccountId{big_endian<std::uint64_t>(at.key, 8)});
    return base::ok();
  }));
  return members;
}

}  // namespace hearthmail::store::mail
