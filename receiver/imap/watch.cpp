#include "receiver/imap/watch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "receiver/imap/limits.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/text/list_match.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap {

namespace mail = store::mail;
using parse::Filter;

namespace {

bool is_for_selected(const parse::EventGroup& group) {
  return group.filter == Filter::Selected || group.filter == Filter::SelectedDelayed;
}

bool is_below(std::string_view name, std::string_view parent) {
  return name == parent || (name.starts_with(parent) && name[parent.size()] == text::kDelimiter);
}

bool matches(const parse::EventGroup& group, const std::string& name, bool own, bool subscribed) {
  const auto any = [&group](const auto& each) { return std::any_of(group.names.begin(), group.names.end(), each); };
  switch (group.filter) {
    case Filter::Selected:
    case Filter::SelectedDelayed: return false;
    case Filter::Inboxes: return own && name == "INBOX";  // where deliveries go
    case Filter::Personal: return own;
    case Filter::Subscribed: return subscribed;
    case Filter::Subtree: return any([&](const auto& parent) { return is_below(name, parent); });
    case Filter::Mailboxes: return any([&](const auto& one) { return one == name; });
  }
  return false;
}

base::Error too_many() { return {base::Errc::OverLimit, "too many mailboxes to watch"}; }

}  // namespace

Watch::Watch(const Connection& connection, std::vector<parse::EventGroup> groups)
    : connection_(connection), feed_(connection.services().mail.feed()), groups_(std::move(groups)) {
  listen(connection.account());
  listen(mail::kAnyone);
}

// To an account's list of mailboxes, of subscriptions, and of what is shared with it.
void Watch::listen(base::AccountId topic) {
  const auto changed = [this] {
    names_changed_ = true;
    connection_.wake();
  };
  names_subscriptions_.push_back(feed_.subscribe(topic, *base::Executor::current(), changed));
}

Watch::~Watch() {
  for (const auto subscription : names_subscriptions_) feed_.unsubscribe(subscription);
  if (selected_subscription_ != 0) feed_.unsubscribe(selected_subscription_);
  for (const auto& [box, watched] : watched_) {
    if (watched.subscription != 0) feed_.unsubscribe(watched.subscription);
  }
}

// The first group that names the mailbox decides, RFC 5465 §3.1.
parse::Events Watch::events_of(const std::string& name, bool own, bool subscribed) const {
  for (const auto& group : groups_) {
    if (matches(group, name, own, subscribed)) return group.events;
  }
  return {};
}

std::optional<MaySendExpunge> Watch::selected() const {
  const auto group = std::find_if(groups_.begin(), groups_.end(), is_for_selected);
  if (group == groups_.end() || !group->events.any()) return std::nullopt;
  return group->filter == Filter::Selected ? MaySendExpunge::Yes : MaySendExpunge::No;
}

const std::vector<parse::FetchItem>& Watch::new_items() const {
  static const std::vector<parse::FetchItem> kNone;
  const auto group = std::find_if(groups_.begin(), groups_.end(), is_for_selected);
  return group == groups_.end() ? kNone : group->new_items;
}

bool Watch::follow_selected(std::optional<base::MailboxId> box) {
  if (box == selected_) return std::exchange(selected_changed_, false);
  if (selected_subscription_ != 0) feed_.unsubscribe(std::exchange(selected_subscription_, 0));
  selected_ = box;
  selected_changed_ = false;
  if (!box.has_value()) return false;
  const auto changed = [this] {
    selected_changed_ = true;
    connection_.wake();
  };
  selected_subscription_ = feed_.subscribe(*box, *base::Executor::current(), changed);
  return true;
}

bool Watch::is_selected(std::uint64_t box) const {
  return connection_.has_view() && connection_.view().box().value == box;
}

// Notes a mailbox, new or known, under the events that its name has now. Listens before it is read again.
base::Status Watch::take(const Reached& reached) {
  const mail::Mailbox& mailbox = reached.mailbox;
  const std::uint64_t box = mailbox.id.value;
  const auto [at, is_new] = watched_.try_emplace(box);
  Watched& watched = at->second;
  const bool own = mailbox.account == connection_.account();
  watched.name = reached.shown;
  watched.events = events_of(reached.shown, own, subscribed_.contains(reached.shown));
  watched.events.messages = watched.events.messages && reached.rights.has(Right::Read);
  if (is_new) {
    watched.uid_next = mailbox.uid_next;
    watched.messages = mailbox.messages;
    watched.highest = mailbox.highest_modseq;
  }
  const bool listens = watched.events.messages;
  if (listens && watched.subscription == 0) {
    const auto changed = [this, box] {
      changed_.insert(box);
      connection_.wake();
    };
    watched.subscription = feed_.subscribe(mailbox.id, *base::Executor::current(), changed);
    changed_.insert(box);  // it may have changed after this snapshot and before the subscription
  } else if (!listens && watched.subscription != 0) {
    feed_.unsubscribe(std::exchange(watched.subscription, 0));
  }
  return watched_.size() > kMaxWatched ? base::Status(too_many()) : base::ok();
}

void Watch::drop(std::map<std::uint64_t, Watched>::iterator at) {
  if (at->second.subscription != 0) feed_.unsubscribe(at->second.subscription);
  changed_.erase(at->first);
  watched_.erase(at);
}

base::Status Watch::begin(const mail::ReadTxn& txn, bool status, std::string& out) {
  TRY_ASSIGN(const auto tree, cmd::load_list_tree(txn, connection_));
  for (const auto& [name, node] : tree.nodes) {
    if (node.subscribed) subscribed_.insert(name);
  }
  for (const auto& reached : tree.mailboxes) TRY(take(reached));
  if (!status) return base::ok();
  for (const auto& reached : tree.mailboxes) {
    const std::uint64_t box = reached.mailbox.id.value;
    if (!is_selected(box)) TRY(tell_status(txn, box, true, out));
  }
  return base::ok();
}

base::Result<bool> Watch::tell(const mail::ReadTxn& txn, std::string& out) {
  const std::size_t start = out.size();
  if (std::exchange(names_changed_, false)) TRY(tell_names(txn, out));
  while (!changed_.empty() && out.size() - start < kStepOctets) {
    const std::uint64_t box = *changed_.begin();
    changed_.erase(changed_.begin());
    if (!is_selected(box)) TRY(tell_status(txn, box, false, out));
  }
  return !changed_.empty();
}

// RFC 5465 §5.1 to §5.3: at least what the event is about; more is welcome.
base::Status Watch::tell_status(const mail::ReadTxn& txn, std::uint64_t box, bool always, std::string& out) {
  const auto at = watched_.find(box);
  if (at == watched_.end() || !at->second.events.messages) return base::ok();
  Watched& watched = at->second;
  const auto mailbox = mail::load_mailbox(txn, base::MailboxId{box});
  if (!mailbox.ok()) return mailbox.error().code == base::Errc::NotFound ? base::ok() : base::Status(mailbox.error());
  TRY_ASSIGN(const auto rights, mail::rights_of(txn, *mailbox, connection_.account()));
  if (!rights.has(Right::Read)) return base::ok();
  const bool messages = mailbox->uid_next != watched.uid_next || mailbox->messages != watched.messages;
  const bool flags = mailbox->highest_modseq != watched.highest;
  watched.uid_next = mailbox->uid_next;
  watched.messages = mailbox->messages;
  watched.highest = mailbox->highest_modseq;
  if (!always && !messages && !(flags && watched.events.flags)) return base::ok();
  const auto put = [&out](std::string_view name, std::uint64_t value) {
    out += name;
    put_number(out, value);
  };
  out += "* STATUS ";
  text::append_mailbox(out, watched.name, connection_.enabled().utf8);
  put(" (MESSAGES ", mailbox->messages);
  put(" UIDNEXT ", mailbox->uid_next);
  put(" UIDVALIDITY ", mailbox->uid_validity);
  put(" UNSEEN ", mailbox->unseen);
  if (connection_.enabled().condstore) put(" HIGHESTMODSEQ ", mailbox->highest_modseq.value);
  out += ")\r\n";
  return base::ok();
}

// RFC 5465 §5.4, §5.5: LIST for what was made, renamed (OLDNAME), deleted (\NonExistent) and (un)subscribed. What is no
// longer shared with the user is deleted in his eyes.
base::Status Watch::tell_names(const mail::ReadTxn& txn, std::string& out) {
  TRY_ASSIGN(const auto tree, cmd::load_list_tree(txn, connection_));
  tell_gone(tree, out);
  for (const auto& reached : tree.mailboxes) tell_one(tree, reached, out);
  tell_subscriptions(tree, out);
  for (const auto& reached : tree.mailboxes) {
    const bool is_new = !watched_.contains(reached.mailbox.id.value);
    TRY(take(reached));
    // What lies in a new mailbox is news as well.
    if (is_new && reached.mailbox.messages > 0) watched_[reached.mailbox.id.value].uid_next = 0;
  }
  return base::ok();
}

void Watch::put_gone(const std::string& name, std::string& out) const {
  out += "* LIST (\\NonExistent) \"/\" ";
  text::append_mailbox(out, name, connection_.enabled().utf8);
  out += "\r\n";
}

void Watch::tell_gone(const cmd::ListTree& tree, std::string& out) {
  std::set<std::uint64_t> there;
  for (const auto& reached : tree.mailboxes) there.insert(reached.mailbox.id.value);
  for (auto at = watched_.begin(); at != watched_.end();) {
    const auto next = std::next(at);
    if (!there.contains(at->first)) {
      const auto node = tree.nodes.find(at->second.name);
      const bool again = node != tree.nodes.end() && node->second.reached != nullptr;
      if (at->second.events.names && !again) put_gone(at->second.name, out);
      drop(at);
    }
    at = next;
  }
}

void Watch::tell_one(const cmd::ListTree& tree, const Reached& reached, std::string& out) const {
  const auto known = watched_.find(reached.mailbox.id.value);
  const bool is_new = known == watched_.end();
  if (!is_new && known->second.name == reached.shown) return;
  const bool own = reached.mailbox.account == connection_.account();
  const bool wanted = events_of(reached.shown, own, tree.nodes.find(reached.shown)->second.subscribed).names ||
                      (!is_new && known->second.events.names);
  const std::string old_name = is_new ? std::string() : known->second.name;
  if (wanted) cmd::put_list_line(out, tree, reached.shown, old_name, connection_.enabled());
}

void Watch::tell_subscriptions(const cmd::ListTree& tree, std::string& out) {
  std::set<std::string> now;
  for (const auto& [name, node] : tree.nodes) {
    if (node.subscribed) now.insert(name);
  }
  std::vector<std::string> changed;
  std::set_symmetric_difference(now.begin(), now.end(), subscribed_.begin(), subscribed_.end(),
                                std::back_inserter(changed));
  subscribed_ = std::move(now);
  for (const auto& name : changed) {
    const auto node = tree.nodes.find(name);
    const bool there = node != tree.nodes.end() && node->second.reached != nullptr;
    const bool own = !there || node->second.reached->mailbox.account == connection_.account();
    // A mailbox that was just unsubscribed still counts as one of the subscribed: that it is not any more is the news.
    if (!events_of(name, own, true).subscriptions) continue;
    if (node != tree.nodes.end()) {
      cmd::put_list_line(out, tree, name, {}, connection_.enabled());
    } else {
      put_gone(name, out);
    }
  }
}

}  // namespace hearthmail::receiver::imap
