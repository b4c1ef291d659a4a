// Watch: what a client asked for with NOTIFY (RFC 5465), and how far it has been told. It listens to the store's change
// feed: a change only marks a mailbox here and wakes the session, so that no client, however slow, holds up the writer, and
// what waits to be told is at most one mark per mailbox. Only mailboxes that the user may see are watched (RFC 4314 §4: l), and
// of their messages only where he may read (r); that is looked at again whenever something is told.
//
// Not thread-safe; the connection owns it. Made, used and destroyed on the session's loop.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/parse/notify.hpp"
#include "receiver/imap/view.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver::imap {

class Watch {
 public:
  // For the connection that owns it; its wake() is called when there is something to tell.
  Watch(const Connection& connection, std::vector<parse::EventGroup> groups);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Notes how things stand. With `status`, appends a STATUS for every mailbox whose messages are watched, but for the
  // selected one (RFC 5465 §3.1). Errors: OverLimit (over kMaxWatched mailboxes), those of the store.
  base::Status begin(const store::mail::ReadTxn& txn, bool status, std::string& out);

  // How the news of the selected mailbox is told at once: with EXPUNGE or without; nothing: as without NOTIFY.
  std::optional<MaySendExpunge> selected() const;
  // The FETCH items wanted of new messages in the selected mailbox.
  const std::vector<parse::FetchItem>& new_items() const;
  // Listens to the selected mailbox too. True when it may have changed since the last call.
  bool follow_selected(std::optional<base::MailboxId> box);

  bool has_news() const { return names_changed_ || !changed_.empty(); }
  // Appends LIST and STATUS for what has changed; returns true when more remains after about kStepOctets.
  // Errors: OverLimit (NOTIFICATIONOVERFLOW: the watch is over), those of the store.
  base::Result<bool> tell(const store::mail::ReadTxn& txn, std::string& out);

 private:
  struct Watched {
    std::string name;  // in the user's eyes
    parse::Events events;
    std::uint64_t subscription = 0;  // of the feed; 0: its messages are not watched
    std::uint32_t uid_next = 0;
    std::uint32_t messages = 0;
    base::ModSeq highest;
  };
  parse::Events events_of(const std::string& name, bool own, bool subscribed) const;
  bool is_selected(std::uint64_t box) const;
  void listen(base::AccountId topic);
  base::Status take(const Reached& reached);
  void drop(std::map<std::uint64_t, Watched>::iterator at);
  base::Status tell_names(const store::mail::ReadTxn& txn, std::string& out);
  void tell_one(const cmd::ListTree& tree, const Reached& reached, std::string& out) const;
  void tell_gone(const cmd::ListTree& tree, std::string& out);
  void tell_subscriptions(const cmd::ListTree& tree, std::string& out);
  void put_gone(const std::string& name, std::string& out) const;
  base::Status tell_status(const store::mail::ReadTxn& txn, std::uint64_t box, bool always, std::string& out);

  const Connection& connection_;
  store::mail::Feed& feed_;
  std::vector<parse::EventGroup> groups_;
  std::map<std::uint64_t, Watched> watched_;  // all mailboxes that the user may see, by id
  std::set<std::string> subscribed_;          // names
  std::set<std::uint64_t> changed_;           // mailboxes
  bool names_changed_ = false;
  std::vector<std::uint64_t> names_subscriptions_;
  std::optional<base::MailboxId> selected_;
  std::uint64_t selected_subscription_ = 0;
  bool selected_changed_ = false;
};

}  // namespace hearthmail::receiver::imap
