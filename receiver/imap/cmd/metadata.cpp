// GETMETADATA and SETMETADATA, RFC 5464. The server's /shared entries are not the users' to set: there is /shared/admin alone
// (§6.2.1.2), the postmaster of the domain.
#include "receiver/imap/cmd/metadata.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/mailbox_write.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/text/output.hpp"
#include "store/mail/metadata.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;
using parse::Depth;
using parse::Entry;
using Values = std::map<std::string, std::optional<std::string>>;  // by the whole name; none: NIL

static_assert(mail::kMaxAnnotationValue == 16384);  // reply.cpp says it

constexpr std::string_view kAdmin = "/admin";  // RFC 5464 §6.2.1.2

std::string admin_of(const Connection& connection) {
  const std::string& address = connection.user();
  return "mailto:postmaster" + address.substr(std::min(address.rfind('@'), address.size()));
}

mail::AnnotationScope scope_of(base::MailboxId box, base::AccountId account, bool shared) {
  return {box, shared ? base::AccountId{0} : account};
}

base::Result<std::vector<mail::Annotation>> all_of(const Connection& connection, const mail::ReadTxn& txn,
                                                   base::MailboxId box, bool shared) {
  if (box.value == 0 && shared) return std::vector<mail::Annotation>{{std::string(kAdmin), admin_of(connection)}};
  return mail::list_annotations(txn, scope_of(box, connection.account(), shared));
}

// Is `name` what was asked for, or below it as deep as `depth` goes? RFC 5464 §4.2.2.
bool is_within(std::string_view name, std::string_view asked, Depth depth) {
  if (name == asked) return true;
  if (depth == Depth::Zero || !name.starts_with(asked) || name[asked.size()] != '/') return false;
  return depth == Depth::Infinity || name.find('/', asked.size() + 1) == std::string_view::npos;
}

base::Status collect(const Connection& connection, const mail::ReadTxn& txn, base::MailboxId box, const Entry& entry,
                     Depth depth, Values& values) {
  if (depth == Depth::Zero) values.try_emplace(entry.full());
  TRY_ASSIGN(const auto all, all_of(connection, txn, box, entry.shared));
  for (const auto& annotation : all) {
    if (!is_within(annotation.name, entry.name, depth)) continue;
    values[Entry{entry.shared, annotation.name}.full()] = annotation.value;
  }
  return base::ok();
}

// The mailbox under the name that the user calls it by; none: the server. RFC 5464 §3.3: r to see and to have entries of one's
// own; w for those that all see.
base::Result<std::optional<mail::Mailbox>> annotated(const mail::ReadTxn& txn, const std::optional<Target>& target,
                                                     Rights needed) {
  if (!target) return std::optional<mail::Mailbox>{};
  TRY_ASSIGN(auto reached, reach(txn, *target, needed));
  reached.mailbox.name = reached.shown;
  return std::optional<mail::Mailbox>(std::move(reached.mailbox));
}

base::Result<std::optional<Target>> target_named(const Connection& connection, const std::string& name) {
  if (name.empty()) return std::optional<Target>{};  // the server
  TRY_ASSIGN(auto target, find_target(connection, name));
  return std::optional<Target>(std::move(target));
}

}  // namespace

base::Result<std::uint64_t> put_metadata(Connection& connection, const mail::ReadTxn& txn, const mail::Mailbox* mailbox,
                                         const std::vector<Entry>& entries, Depth depth,
                                         std::optional<std::uint64_t> max_size) {
  Values values;
  const base::MailboxId box = mailbox == nullptr ? base::MailboxId{0} : mailbox->id;
  for (const Entry& entry : entries) TRY(collect(connection, txn, box, entry, depth, values));
  const bool utf8 = connection.enabled().utf8;
  std::uint64_t longest = 0;
  std::string pairs;
  for (const auto& [name, value] : values) {
    if (value && max_size && value->size() > *max_size) {
      longest = std::max<std::uint64_t>(longest, value->size());
      continue;
    }
    if (!pairs.empty()) pairs += ' ';
    text::append_astring(pairs, name, utf8);
    pairs += ' ';
    text::append_nstring(pairs, value, utf8);
  }
  if (pairs.empty()) return longest;
  connection.out += "* METADATA ";
  if (mailbox == nullptr) connection.out += "\"\"";
  else text::append_mailbox(connection.out, mailbox->name, utf8);
  connection.out += " (" + pairs + ")\r\n";
  return longest;
}

base::Status get_metadata(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::GetMetadataArgs>(command.args);
  std::uint64_t longest = 0;
  TRY_ASSIGN(const auto target, target_named(connection, args.mailbox));
  TRY(connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto mailbox, annotated(txn, target, Right::Read));
    const mail::Mailbox* of = mailbox ? &*mailbox : nullptr;
    TRY_ASSIGN(longest, put_metadata(connection, txn, of, args.entries, args.depth, args.max_size));
    return base::ok();
  }));
  if (longest > 0) connection.completion.code = "METADATA LONGENTRIES " + std::to_string(longest);  // RFC 5464 §4.2.1
  return base::ok();
}

Started set_metadata(Connection& connection, parse::Command& command) {
  auto args = std::get<parse::SetMetadataArgs>(std::move(command.args));
  for (const auto& change : args.changes) {
    if (args.mailbox.empty() && change.entry.shared) {
      return base::Error{base::Errc::Denied, "The server's shared entries are the operator's"};
    }
    if (change.value && change.value->size() > mail::kMaxAnnotationValue) {
      return base::Error{base::Errc::Invalid, "The value is too long"};
    }
  }
  TRY_ASSIGN(const auto target, target_named(connection, args.mailbox));
  const auto is_shared = [](const auto& change) { return change.entry.shared; };
  const bool shares = std::any_of(args.changes.begin(), args.changes.end(), is_shared);
  const Rights needed = shares ? Rights{Right::Read, Right::Write} : Rights{Right::Read};
  const auto write = [account = connection.account(), target, needed,
                      args = std::move(args)](mail::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto mailbox, annotated(txn, target, needed));
    const base::MailboxId box = mailbox ? mailbox->id : base::MailboxId{0};
    for (const auto& change : args.changes) {  // all or none: RFC 5464 §4.3
      const auto scope = scope_of(box, account, change.entry.shared);
      TRY(mail::set_annotation(txn, scope, change.entry.name, change.value));
    }
    return base::ok();
  };
  return std::unique_ptr<Operation>(new MailboxWrite(write));
}

}  // namespace hearthmail::receiver::imap::cmd
