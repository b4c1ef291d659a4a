// SETACL and DELETEACL, RFC 4314 §3.1, §3.2: who besides the owner may do what. GETACL, LISTRIGHTS and MYRIGHTS: acl_read.cpp.
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "receiver/imap/cmd/acl_identifier.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

// The owner has every right, whatever a list says: a change that would take none away is no change, another is refused.
base::Status change_of_owner(const Identifier& who, const mail::RightsChange& change) {
  const bool takes =
      !(who.negative ? change.applied_to({}).empty() : change.applied_to(Rights::all()) == Rights::all());
  if (takes) return base::Error{base::Errc::Invalid, "The owner has every right; none can be taken away"};
  return base::ok();
}

Started change_acl(Connection& connection, const parse::AclArgs& args, const mail::RightsChange& change) {
  TRY_ASSIGN(const auto prepared, prepare_identifier(args.identifier));
  TRY_ASSIGN(const auto target, find_target(connection, args.mailbox));
  // The mailbox first: who may not administer it learns nothing of accounts either.
  TRY(connection.env().read([&](const mail::ReadTxn& txn) { return reach(txn, target, Right::Administer); }));
  TRY_ASSIGN(const Identifier who, find_identifier(connection, prepared));
  log::info("imap access list changed", {{"user", connection.user()},
                                         {"mailbox", base::printable(args.mailbox, 200)},
                                         {"identifier", base::printable(args.identifier, 200)},
                                         {"rights", base::printable(args.rights, 40)}});
  const auto write = [target, who, change](mail::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto reached, reach(txn, target, Right::Administer));
    if (who.account == reached.mailbox.account) return change_of_owner(who, change);
    TRY_ASSIGN(auto entry, mail::find_acl(txn, reached.mailbox.id, who.account));
    Rights& rights = who.negative ? entry.denied : entry.granted;
    rights = change.applied_to(rights);
    return mail::set_acl(txn, reached.mailbox.id, entry);
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write));
}

}  // namespace

Started set_acl(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::AclArgs>(command.args);
  const auto change = mail::parse_rights_change(args.rights);
  if (!change.ok()) return base::Error{base::Errc::Protocol, change.error().text};  // RFC 4314 §3.1: BAD
  return change_acl(connection, args, *change);
}

Started delete_acl(Connection& connection, parse::Command& command) {
  return change_acl(connection, std::get<parse::AclArgs>(command.args), mail::RightsChange{});
}

}  // namespace hearthmail::receiver::imap::cmd
