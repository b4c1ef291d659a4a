// GETACL, LISTRIGHTS and MYRIGHTS, RFC 4314 §3.3 to §3.8.
#include <utility>

#include "common/auth/saslprep.hpp"
#include "receiver/imap/cmd/acl_identifier.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

constexpr std::string_view kAnyoneName = "anyone";

// Of these at least one is needed, RFC 4314 §4.
constexpr Rights kForMyRights{Right::Lookup, Right::Read,          Right::Insert,
                              Right::Create, Right::DeleteMailbox, Right::Administer};

const AccountDirectory* directory(const Connection& connection) { return connection.services().accounts; }

void put_entry(Connection& connection, const std::string& identifier, Rights rights) {
  if (rights.empty()) return;
  std::string& out = connection.out;
  out += ' ';
  text::append_astring(out, identifier, connection.enabled().utf8);
  out += ' ' + rights.letters_with_obsolete();
}

// The owner first, with the rights that no list can take. Accounts that are gone meanwhile are not shown.
base::Status put_acl(Connection& connection, const Reached& reached, const std::vector<mail::AclEntry>& entries) {
  const AccountDirectory* accounts = directory(connection);
  std::string& out = connection.out;
  out += "* ACL ";
  text::append_mailbox(out, reached.shown, connection.enabled().utf8);
  const auto address_of = [&](base::AccountId account) -> base::Result<std::optional<std::string>> {
    if (account == mail::kAnyone) return std::optional(std::string(kAnyoneName));
    if (account == connection.account()) return std::optional(connection.user());
    if (accounts == nullptr) return std::optional<std::string>();
    return accounts->address_of(account);
  };
  TRY_ASSIGN(const auto owner, address_of(reached.mailbox.account));
  if (owner) put_entry(connection, *owner, Rights::all());
  for (const auto& entry : entries) {
    TRY_ASSIGN(const auto name, address_of(entry.account));
    if (!name) continue;
    put_entry(connection, *name, entry.granted);
    put_entry(connection, "-" + *name, entry.denied);
  }
  out += "\r\n";
  return base::ok();
}

}  // namespace

base::Result<PreparedIdentifier> prepare_identifier(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  auto prepared = auth::saslprep(text);
  if (!prepared.has_value() || prepared->empty()) {
    return base::Error{base::Errc::Protocol, "That cannot be an identifier"};
  }
  return PreparedIdentifier{std::move(*prepared), negative};
}

base::Result<Identifier> find_identifier(const Connection& connection, const PreparedIdentifier& prepared) {
  if (prepared.name == kAnyoneName) return Identifier{mail::kAnyone, prepared.negative};
  if (const AccountDirectory* accounts = directory(connection); accounts != nullptr) {
    TRY_ASSIGN(const auto entry, accounts->find(prepared.name));
    if (entry) return Identifier{entry->account, prepared.negative};
  }
  return base::Error{base::Errc::Invalid, "No account of this server has that address"};
}

base::Status get_acl(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::MailboxArgs>(command.args);
  return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto target, target_of(txn, connection, args.mailbox));
    TRY_ASSIGN(const auto reached, reach(txn, target, Right::Administer));
    TRY_ASSIGN(const auto entries, mail::list_acl(txn, reached.mailbox.id));
    return put_acl(connection, reached, entries);
  });
}

// No rights are tied together here. The owner's are required; everybody else can have any or none.
base::Status list_rights(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::AclArgs>(command.args);
  TRY_ASSIGN(const auto prepared, prepare_identifier(args.identifier));
  return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto target, target_of(txn, connection, args.mailbox));
    TRY_ASSIGN(const auto reached, reach(txn, target, Right::Administer));
    TRY_ASSIGN(const Identifier who, find_identifier(connection, prepared));
    std::string& out = connection.out;
    out += "* LISTRIGHTS ";
    text::append_mailbox(out, reached.shown, connection.enabled().utf8);
    out += ' ';
    text::append_astring(out, args.identifier, connection.enabled().utf8);
    const std::string every = Rights::all().letters_with_obsolete();
    const bool owner = who.account == reached.mailbox.account && !who.negative;
    out += owner ? " " + every : " \"\"";
    const bool denies_owner = who.account == reached.mailbox.account && who.negative;
    for (std::size_t i = 0; i < every.size() && !owner && !denies_owner; ++i) {
      out += ' ';
      out += every[i];
    }
    out += "\r\n";
    return base::ok();
  });
}

void put_my_rights(Connection& connection, const std::string& shown, Rights rights) {
  connection.out += "* MYRIGHTS ";
  text::append_mailbox(connection.out, shown, connection.enabled().utf8);
  connection.out += ' ' + rights.letters_with_obsolete() + "\r\n";
}

base::Status my_rights(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::MailboxArgs>(command.args);
  return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto target, target_of(txn, connection, args.mailbox));
    TRY_ASSIGN(const auto reached, reach_any(txn, target, kForMyRights));
    put_my_rights(connection, reached.shown, reached.rights);
    return base::ok();
  });
}

}  // namespace hearthmail::receiver::imap::cmd
