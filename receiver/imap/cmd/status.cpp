// STATUS, RFC 9051 §6.3.11, which needs r (RFC 4314 §4), with APPENDLIMIT (RFC 7889 §3.3), HIGHESTMODSEQ (RFC 7162 §3.1.7),
// MAILBOXID (RFC 8474 §4.3) and SIZE (RFC 8438).
#include <algorithm>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/object_id.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;
using parse::StatusItem;

// Messages that no session has been told of yet. When all of them are still there, nothing has to be counted.
base::Result<std::uint64_t> count_recent(const mail::ReadTxn& txn, const mail::Mailbox& mailbox) {
  if (mailbox.recent_from >= mailbox.uid_next) return std::uint64_t{0};
  if (mailbox.messages == mailbox.uid_next - 1) return std::uint64_t{mailbox.uid_next - mailbox.recent_from};
  std::uint64_t count = 0;
  const auto each = [&count](const mail::Message&) {
    ++count;
    return true;
  };
  TRY(mail::scan_messages(txn, mailbox.id, base::Uid{mailbox.recent_from}, base::Uid{mailbox.uid_next - 1}, each));
  return count;
}

// DELETED-STORAGE, RFC 9208 §4.1.4: what EXPUNGE would free.
base::Result<std::uint64_t> deleted_octets(const mail::ReadTxn& txn, const mail::Mailbox& mailbox) {
  std::uint64_t octets = 0;
  std::uint32_t left = mailbox.deleted;
  if (left == 0) return octets;
  const auto each = [&](const mail::Message& message) {
    if ((message.flags.system & mail::kDeleted) == 0) return true;
    octets += message.octets;
    return --left > 0;
  };
  TRY(mail::scan_messages(txn, mailbox.id, base::Uid{1}, base::Uid{0xFFFFFFFF}, each));
  return octets;
}

base::Result<std::uint64_t> value_of(const mail::ReadTxn& txn, const Connection& connection,
                                     const mail::Mailbox& mailbox, StatusItem item) {
  switch (item) {
    case StatusItem::Messages: return std::uint64_t{mailbox.messages};
    case StatusItem::Recent: return count_recent(txn, mailbox);
    case StatusItem::UidNext: return std::uint64_t{mailbox.uid_next};
    case StatusItem::UidValidity: return std::uint64_t{mailbox.uid_validity};
    case StatusItem::Unseen: return std::uint64_t{mailbox.unseen};
    case StatusItem::Deleted: return std::uint64_t{mailbox.deleted};
    case StatusItem::DeletedStorage: return deleted_octets(txn, mailbox);
    case StatusItem::Size: return mailbox.octets;
    case StatusItem::MailboxId: break;  // not a number
    case StatusItem::HighestModSeq: return mailbox.highest_modseq.value;
    case StatusItem::AppendLimit: return connection.services().max_message_octets;  // the same for all
  }
  return base::Error{base::Errc::Internal, "STATUS item without a value"};
}

}  // namespace

base::Status put_status(Connection& connection, const mail::ReadTxn& txn, const mail::Mailbox& mailbox,
                        const std::vector<StatusItem>& items) {
  std::string& out = connection.out;
  out += "* STATUS ";
  text::append_mailbox(out, mailbox.name, connection.enabled().utf8);
  out += " (";
  bool first = true;
  for (const auto item : items) {
    if (!first) out += ' ';
    first = false;
    out += parse::name(item);
    out += ' ';
    if (item == StatusItem::MailboxId) {
      out += '(' + mailbox_id(mailbox) + ')';
      continue;
    }
    TRY_ASSIGN(const auto value, value_of(txn, connection, mailbox, item));
    put_number(out, value);
  }
  out += ")\r\n";
  return base::ok();
}

void enable_by(Connection& connection, const std::vector<StatusItem>& items) {
  if (std::find(items.begin(), items.end(), StatusItem::HighestModSeq) != items.end()) connection.enable_condstore();
}

base::Status status(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::StatusArgs>(command.args);
  enable_by(connection, args.items);
  return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto target, target_of(txn, connection, args.mailbox));
    TRY_ASSIGN(auto reached, reach(txn, target, Right::Read));
    reached.mailbox.name = reached.shown;
    return put_status(connection, txn, reached.mailbox, args.items);
  });
}

}  // namespace hearthmail::receiver::imap::cmd
