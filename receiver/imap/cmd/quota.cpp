// GETQUOTA, GETQUOTAROOT and SETQUOTA, RFC 9208 §4.1. An account with limits has one quota root, "", over all of its
// mailboxes; one without limits has none. Limits are the operator's (`hearthmail user quota`): SETQUOTA is always refused.
#include "store/mail/quota.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

constexpr std::uint64_t kStorageUnit = 1024;  // octets, RFC 9208 §5.1

void put_resource(std::string& out, std::string_view name, std::uint64_t used, std::uint64_t limit) {
  if (out.back() != '(') out += ' ';
  out += name;
  out += ' ';
  put_number(out, used);
  out += ' ';
  put_number(out, limit);
}

// The QUOTA response, RFC 9208 §4.2.1: the limited resources. What is used is rounded up, so that nothing begun looks free.
base::Status put_quota(Connection& connection, const mail::ReadTxn& txn, base::AccountId account,
                       const base::Quota& quota) {
  TRY_ASSIGN(const mail::Usage used, mail::usage(txn, account));
  std::string& out = connection.out;
  out += "* QUOTA \"\" (";
  if (quota.octets) {
    const std::uint64_t rounded = used.octets / kStorageUnit + (used.octets % kStorageUnit != 0 ? 1 : 0);
    put_resource(out, "STORAGE", rounded, *quota.octets / kStorageUnit);
  }
  if (quota.messages) put_resource(out, "MESSAGE", used.messages, *quota.messages);
  out += ")\r\n";
  return base::ok();
}

}  // namespace

base::Status get_quota(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::QuotaArgs>(command.args);
  TRY_ASSIGN(const base::Quota quota, connection.services().quota_of(connection.account()));
  if (!args.root.empty() || !quota.limited()) {
    return base::Error{base::Errc::NotFound, "No such quota root"};
  }
  return connection.env().read(
      [&](const mail::ReadTxn& txn) { return put_quota(connection, txn, connection.account(), quota); });
}

base::Status get_quota_root(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::MailboxArgs>(command.args);
  TRY_ASSIGN(const base::Quota quota, connection.services().quota_of(connection.account()));
  return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto target, target_of(txn, connection, args.mailbox));
    TRY_ASSIGN(const auto reached, reach(txn, target, Right::Read));
    const bool limited = quota.limited() && target.own();  // what others keep is theirs to know
    connection.out += "* QUOTAROOT ";
    text::append_mailbox(connection.out, reached.shown, connection.enabled().utf8);
    connection.out += limited ? " \"\"\r\n" : "\r\n";
    return limited ? put_quota(connection, txn, connection.account(), quota) : base::ok();
  });
}

base::Status set_quota(Connection&, const parse::Command&) {
  return base::Error{base::Errc::Denied, "Limits are the operator's"};
}

}  // namespace hearthmail::receiver::imap::cmd
