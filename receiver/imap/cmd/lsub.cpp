// LSUB, RFC 3501 §6.3.9: subscribed names. A pattern that ends with "%" also shows the levels above them, as \Noselect.
// Special uses are shown as LIST shows them (its responses have LIST's form, RFC 3501 §7.2.3): clients that know their
// folders from LSUB alone find Sent and Trash by them.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/text/flags.hpp"
#include "receiver/imap/text/list_match.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::cmd {

namespace {

std::string_view attribute_of(const ListNode& node) {
  if (!node.subscribed || node.reached == nullptr) return "\\Noselect";
  if (node.reached->mailbox.special_use == store::mail::SpecialUse::None) return "";
  return text::special_use_name(node.reached->mailbox.special_use);
}

}  // namespace

base::Status lsub(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::LsubArgs>(command.args);
  const std::string pattern = text::list_pattern(args.reference, args.pattern);
  const bool levels = !pattern.empty() && pattern.back() == '%';
  return connection.env().read([&](const store::mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto tree, load_list_tree(txn, connection));
    for (const auto& [name, node] : tree.nodes) {
      const bool level = levels && node.subscribed_children;
      if ((!node.subscribed && !level) || !text::list_matches(pattern, name)) continue;
      connection.out += "* LSUB (";
      connection.out += attribute_of(node);
      connection.out += ") \"/\" ";
      text::append_mailbox(connection.out, name, connection.enabled().utf8);
      connection.out += "\r\n";
    }
    return base::ok();
  });
}

}  // namespace hearthmail::receiver::imap::cmd
