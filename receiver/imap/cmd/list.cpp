// LIST, RFC 9051 §6.3.9: the basic and the extended command (RFC 5258), with CHILDREN, SPECIAL-USE (RFC 6154),
// STATUS (RFC 5819), MYRIGHTS (RFC 8440) and METADATA (RFC 9590) as return options.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/cmd/metadata.hpp"
#include "receiver/imap/text/flags.hpp"
#include "receiver/imap/text/list_match.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

bool has_special_use(const ListNode& node) {
  return node.reached != nullptr && node.reached->mailbox.special_use != mail::SpecialUse::None;
}

// Does the name itself meet the selection options? Without any: mailboxes, and the levels above them.
bool is_selected(const parse::ListArgs& args, const ListNode& node) {
  if (args.select_subscribed && !node.subscribed) return false;
  if (args.select_special_use && !has_special_use(node)) return false;
  if (args.select_subscribed) return true;
  return node.reached != nullptr || node.children;
}

// RECURSIVEMATCH: does something below meet them? RFC 9051 §6.3.9.1.
bool has_selected_children(const parse::ListArgs& args, const ListNode& node) {
  if (!args.select_recursive_match) return false;
  if (args.select_subscribed && !node.subscribed_children) return false;
  if (args.select_special_use && !node.special_children) return false;
  return args.select_subscribed || args.select_special_use;
}

void put_attributes(std::string& out, const parse::ListArgs& args, const ListNode& node) {
  const std::size_t start = out.size();
  const auto put = [&](std::string_view attribute) {
    if (out.size() > start) out += ' ';
    out += attribute;
  };
  if (node.reached == nullptr) put("\\NonExistent \\Noselect");
  put(node.children ? "\\HasChildren" : "\\HasNoChildren");
  if ((args.select_subscribed || args.return_subscribed) && node.subscribed) put("\\Subscribed");
  // Basic LIST may show special uses (RFC 6154 §2); the extended one shows them when asked.
  const bool show_use = !args.extended || args.return_special_use || args.select_special_use;
  if (show_use && has_special_use(node)) put(text::special_use_name(node.reached->mailbox.special_use));
}

void put_name(std::string& out, const parse::ListArgs& args, std::string_view name, const ListNode& node, bool utf8) {
  out += "* LIST (";
  put_attributes(out, args, node);
  out += ") \"/\" ";
  text::append_mailbox(out, name, utf8);
}

void put_list(std::string& out, const parse::ListArgs& args, const std::string& name, const ListNode& node, bool utf8) {
  put_name(out, args, name, node, utf8);
  if (has_selected_children(args, node)) {
    out += " (\"CHILDINFO\" (";
    if (args.select_subscribed) out += "\"SUBSCRIBED\"";
    if (args.select_special_use) out += args.select_subscribed ? " \"SPECIAL-USE\"" : "\"SPECIAL-USE\"";
    out += "))";
  }
  out += "\r\n";
}

// LIST "" "": only the hierarchy delimiter and the root are asked for, RFC 9051 §6.3.9.
bool asks_delimiter(const parse::ListArgs& args) {
  return !args.extended && args.patterns.size() == 1 && args.patterns.front().empty();
}

}  // namespace

namespace {

void put_line(std::string& out, const parse::ListArgs& args, const ListTree& tree, const std::string& name,
              std::string_view old_name, bool utf8) {
  const auto node = tree.nodes.find(name);
  if (node == tree.nodes.end()) return;
  put_name(out, args, name, node->second, utf8);
  if (!old_name.empty()) {
    out += " (\"OLDNAME\" (";
    text::append_mailbox(out, old_name, utf8);
    out += "))";
  }
  out += "\r\n";
}

}  // namespace

void put_list_line(std::string& out, const ListTree& tree, const std::string& name, std::string_view old_name,
                   const Enabled& enabled) {
  parse::ListArgs args;
  args.return_subscribed = true;
  put_line(out, args, tree, name, old_name, enabled.utf8);
}

base::Status put_list_line(Connection& connection, const mail::ReadTxn& txn, const std::string& name,
                           std::string_view old_name) {
  TRY_ASSIGN(const auto tree, load_list_tree(txn, connection));
  put_line(connection.out, parse::ListArgs{}, tree, name, old_name, connection.enabled().utf8);
  return base::ok();
}

base::Status list(Connection& connection, const parse::Command& command) {
  const auto& args = std::get<parse::ListArgs>(command.args);
  if (asks_delimiter(args)) {
    connection.out += "* LIST (\\Noselect) \"/\" \"\"\r\n";
    return base::ok();
  }
  if (args.select_recursive_match && !args.select_subscribed && !args.select_special_use) {
    return base::Error{base::Errc::Protocol, "RECURSIVEMATCH needs another selection option"};  // RFC 5258 §3.1
  }
  enable_by(connection, args.return_status);
  std::vector<std::string> patterns;
  for (const auto& pattern : args.patterns) patterns.push_back(text::list_pattern(args.reference, pattern));
  return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto tree, load_list_tree(txn, connection));
    for (const auto& [name, node] : tree.nodes) {
      if (!matches_any(patterns, name)) continue;
      if (!is_selected(args, node) && !has_selected_children(args, node)) continue;
      put_list(connection.out, args, name, node, connection.enabled().utf8);
      if (node.reached == nullptr) continue;
      if (args.return_my_rights) put_my_rights(connection, name, node.reached->rights);
      // Without r there is no STATUS, as for any mailbox that cannot be selected (RFC 5819 §2).
      if (!node.reached->rights.has(Right::Read)) continue;
      const mail::Mailbox& mailbox = node.reached->mailbox;
      if (!args.return_status.empty()) TRY(put_status(connection, txn, mailbox, args.return_status));
      if (!args.return_metadata.empty()) TRY(put_metadata(connection, txn, &mailbox, args.return_metadata));
    }
    return base::ok();
  });
}

}  // namespace hearthmail::receiver::imap::cmd
