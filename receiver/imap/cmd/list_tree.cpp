#include "receiver/imap/cmd/list_tree.hpp"

#include <algorithm>

#include "receiver/imap/text/list_match.hpp"

namespace hearthmail::receiver::imap::cmd {

namespace mail = store::mail;

base::Result<ListTree> load_list_tree(const mail::ReadTxn& txn, base::AccountId account) {
  ListTree tree;
  TRY_ASSIGN(tree.mailboxes, mail::list_mailboxes(txn, account));
  TRY_ASSIGN(const auto subscriptions, mail::list_subscriptions(txn, account));
  const auto mark_parents = [&tree](std::string_view name, bool ListNode::*mark) {
    for (auto cut = name.rfind(text::kDelimiter); cut != std::string_view::npos && cut > 0;
         cut = name.rfind(text::kDelimiter, cut - 1)) {
      tree.nodes[std::string(name.substr(0, cut))].*mark = true;
    }
  };
  for (const auto& mailbox : tree.mailboxes) {
    tree.nodes[mailbox.name].mailbox = &mailbox;
    mark_parents(mailbox.name, &ListNode::children);
    if (mailbox.special_use != mail::SpecialUse::None) mark_parents(mailbox.name, &ListNode::special_children);
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
