#include "receiver/imap/cmd/list_tree.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "receiver/imap/text/list_match.hpp"

namespace hearthmail::receiver::imap::cmd {

namespace mail = store::mail;

base::Result<ListTree> load_list_tree(const mail::ReadTxn& txn, const Connection& connection) {
  ListTree tree;
  TRY_ASSIGN(auto own, mail::list_mailboxes(txn, connection.account()));
  TRY_ASSIGN(auto shared, shared_mailboxes(txn, connection));
  tree.mailboxes.reserve(own.size() + shared.size());
  for (auto& mailbox : own) {
    std::string name = mailbox.name;
    tree.mailboxes.push_back({std::move(mailbox), Rights::all(), std::move(name)});
  }
  std::move(shared.begin(), shared.end(), std::back_inserter(tree.mailboxes));
  TRY_ASSIGN(const auto subscriptions, mail::list_subscriptions(txn, connection.account()));
  const auto mark_parents = [&tree](std::string_view name, bool ListNode::*mark) {
    for (auto cut = name.rfind(text::kDelimiter); cut != std::string_view::npos && cut > 0;
         cut = name.rfind(text::kDelimiter, cut - 1)) {
      tree.nodes[std::string(name.substr(0, cut))].*mark = true;
    }
  };
  for (const auto& reached : tree.mailboxes) {
    ListNode& node = tree.nodes[reached.shown];
    if (node.reached != nullptr) continue;  // an own mailbox of such a name goes first, as in target_of()
    node.reached = &reached;
    mark_parents(reached.shown, &ListNode::children);
    const bool special = reached.mailbox.special_use != mail::SpecialUse::None;
    if (special) mark_parents(reached.shown, &ListNode::special_children);
  }
  for (const auto& name : subscriptions) {
    tree.nodes[name].subscribed = true;
    mark_parents(name, &ListNode::subscribed_children);
  }
  return tree;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return text::list_matches(pattern, name); });
}

}  // namespace hearthmail::receiver::imap::cmd
