// Access lists, RFC 4314: who besides its owner may do what with a mailbox. They belong to the mailbox's number, so they
// follow RENAME and go with DELETE. Plain functions over a transaction, like mail.hpp.
//
// The owner (Mailbox::account) has every right whatever a list says: he cannot lock himself out. What others have is the
// union of what is granted to them and to anyone, less the union of what is denied to them and to anyone.
#pragma once

#include <vector>

#include "store/mail/mail.hpp"
#include "store/mail/rights.hpp"

namespace hearthmail::store::mail {

// The identifier "anyone": every account of this server. Account numbers begin at 1.
constexpr AccountId kAnyone{0};
// Identifiers in the list of one mailbox; ours. A family or an office has tens, and each costs a row in two tables.
constexpr std::size_t kMaxAclEntries = 1'000;

struct AclEntry {
  AccountId account;  // or kAnyone
  Rights granted;
  Rights denied;  // "negative rights": the identifier with a dash, RFC 4314 §2
  bool operator==(const AclEntry&) const = default;
};

// By account number, kAnyone first.
base::Result<std::vector<AclEntry>> list_acl(const ReadTxn& txn, MailboxId box);
// An entry without rights when the list does not name the account.
base::Result<AclEntry> find_acl(const ReadTxn& txn, MailboxId box, AccountId account);
// Writes or replaces an entry; one without rights is removed. Tells the mailbox's topic and the account's (or
// account_topic(kAnyone)). OverLimit (kMaxAclEntries).
base::Status set_acl(WriteTxn& txn, MailboxId box, const AclEntry& entry);

// What `account` may do with `box`: everything with its own.
base::Result<Rights> rights_of(const ReadTxn& txn, const Mailbox& box, AccountId account);
// The mailboxes of others whose lists name `account` or anyone, each once, by number. Ask rights_of() about each.
base::Result<std::vector<MailboxId>> shared_with(const ReadTxn& txn, AccountId account);

// The account is gone: no list names it any more.
base::Status forget_in_acls(WriteTxn& txn, AccountId account);

// The flags that these rights let a user set or clear: s \Seen, t \Deleted, w all others (RFC 4314 §4).
FlagMask flags_of(Rights rights);

// ---- for store/mail ----

// CREATE: the new mailbox has the list of the one above it (RFC 4314 §4).
base::Status inherit_acl(WriteTxn& txn, MailboxId parent, MailboxId child);
// DELETE takes the list along (RFC 4314 §4).
base::Status erase_acl(WriteTxn& txn, MailboxId box);
// Tells everybody whom the list names that the mailbox has another name now, or is gone.
base::Status notify_acl(WriteTxn& txn, MailboxId box);

}  // namespace hearthmail::store::mail
