// From a mailbox name to a mailbox and the rights on it: the one way to another account's mail. RFC 4314; the names
// of other users' mailboxes are "Shared/<address>/<mailbox>" (RFC 2342 §5: the second namespace).
//
// HOW TO USE IT. A command that takes a mailbox name never calls store::mail::find_mailbox() itself:
//
//   in one read transaction (STATUS, GETMETADATA, a URL of CATENATE):
//     TRY_ASSIGN(const auto target, target_of(txn, connection, args.mailbox));
//     TRY_ASSIGN(const auto reached, reach(txn, target, Right::Read));
//     ... reached.mailbox, reached.rights, reached.shown (the name to answer with)
//
//   in a write: target_of() on the loop, then reach(txn, target, ...) again in Operation::write(), on the writer's thread:
//   what was withdrawn meanwhile is refused there, in the transaction that would have used it.
//
//   on the selected mailbox: connection.view().may(rights) for what to offer, and in Operation::write()
//     TRY(check_rights(txn, connection.holder(), Right::Expunge));      (holder() is a value: take it on the loop)
//
// QUOTA: what is stored counts against reached.mailbox.account, the owner. NOTIFY, METADATA: other accounts' mailboxes are found
// with shared_mailboxes(); follow feed topics account_topic(own account) and account_topic(kAnyone) for lists that change.
//
// No mailbox is given away: one that the user may not see is NotFound, word for word like one that does not exist (RFC
// 4314 §6). One that he sees, but for which he lacks the right, is Denied (NO [NOPERM]).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "receiver/imap/state.hpp"
#include "store/mail/acl.hpp"
#include "store/mail/shared_name.hpp"

namespace hearthmail::receiver::imap {

using store::mail::Right;
using store::mail::Rights;

using store::mail::kSharedPrefix;

// Where a name leads, whether or not there is such a mailbox. A value: it may go to the writer's thread.
struct Target {
  base::AccountId user;   // who asks
  base::AccountId owner;  // whose mailbox it would be
  std::string name;       // in the owner's account
  std::string prefix;     // before the owner's names in this user's eyes: "", or "Shared/anna@example.org/"
  bool own() const { return user == owner; }
};
// NotFound: a name below "Shared/" of which the middle is no account's address, or is the user's own. The name of an own
// mailbox that exists below "Shared/" (made before there were shared mailboxes) stays an own one.
base::Result<Target> target_of(const store::mail::ReadTxn& txn, const Connection& connection, std::string_view name);
// The same in a read transaction of its own.
base::Result<Target> find_target(const Connection& connection, std::string_view name);

struct Reached {
  store::mail::Mailbox mailbox;  // as the owner's account has it
  Rights rights;                 // all that the user has
  std::string shown;             // the name for this user's eyes
};
// `needed`: at least one. NotFound: there is none, or the user may not know of it. Denied: he lacks one of them.
base::Result<Reached> reach(const store::mail::ReadTxn& txn, const Target& target, Rights needed);
// The same, but any of `needed` will do (MYRIGHTS).
base::Result<Reached> reach_any(const store::mail::ReadTxn& txn, const Target& target, Rights needed);

// The same for a name that is to be made (CREATE, the new name of RENAME). Denied: nobody of that address, in the words of
// check_create(). Invalid: an own mailbox cannot be made where the others' are.
base::Result<Target> find_new_target(const Connection& connection, std::string_view name);
// May the user make `target`? k on the nearest mailbox above it, in his own account always (RFC 4314 §4). Denied.
base::Status check_create(const store::mail::ReadTxn& txn, const Target& target);

// The rights that whoever has a mailbox selected has on it. NotFound: it is gone, or he may not even read it any more. Denied.
base::Result<Rights> check_rights(const store::mail::ReadTxn& txn, const Holder& holder, Rights needed);
// What a command answers that may not change the selected mailbox: it was opened with EXAMINE, or `needed` are not all
// granted.
base::Error not_allowed(const View& view, Rights needed);
// What the selected mailbox of another account allows now: takes it over and tells the client what changed (RFC 4314
// §5.1.1). NotFound as above. Nothing to do for an own mailbox.
base::Status renew_rights(const store::mail::ReadTxn& txn, Connection& connection);

// Other accounts' mailboxes that the user may see (l), ordered by the name in his eyes. In `mailbox`, name is that one and
// special_use is none: another's Sent is not his.
base::Result<std::vector<Reached>> shared_mailboxes(const store::mail::ReadTxn& txn, const Connection& connection);

}  // namespace hearthmail::receiver::imap
