// The names that LIST and LSUB choose from: mailboxes, subscriptions, and the levels between them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {

struct ListNode {
  const Reached* reached = nullptr;  // the mailbox; none: a subscription without mailbox, or only a level
  bool subscribed = false;
  bool children = false;             // some mailbox lies below
  bool subscribed_children = false;  // some subscribed name lies below
  bool special_children = false;     // some mailbox with a special use lies below
};

struct ListTree {
  std::vector<Reached> mailboxes;  // own ones, then those of others that the user may see (RFC 4314 §4: l)
  std::map<std::string, ListNode, std::less<>> nodes;  // by name
};

base::Result<ListTree> load_list_tree(const store::mail::ReadTxn& txn, const Connection& connection);
// Appends the LIST response of one mailbox as it is now, for SELECT, CREATE and RENAME of IMAP4rev2. `old_name`, unless
// empty: the name it had, or by which the client called it (OLDNAME, RFC 9051 §6.3.9.7).
base::Status put_list_line(Connection& connection, const store::mail::ReadTxn& txn, const std::string& name,
                           std::string_view old_name);
// The same out of a tree that is loaded, with \Subscribed, for NOTIFY (RFC 5465 §5.4).
void put_list_line(std::string& out, const ListTree& tree, const std::string& name, std::string_view old_name,
                   const Enabled& enabled);
// Does `name` match one of `patterns` (text::list_matches)?
bool matches_any(const std::vector<std::string>& patterns, std::string_view name);

}  // namespace hearthmail::receiver::imap::cmd
