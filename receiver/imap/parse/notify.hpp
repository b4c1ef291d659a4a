// NOTIFY, RFC 5465 §8: which events of which mailboxes a client wants to hear of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/fetch.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxEventGroups = 100;    // in one NOTIFY
constexpr std::size_t kMaxNotifyNames = 1'000;  // mailbox names in one NOTIFY

// Events that are known here. The others of RFC 5465 §5 (annotations, metadata) are refused with BADEVENT.
struct Events {
  bool messages = false;       // MessageNew and MessageExpunge: one without the other is an error (§5)
  bool flags = false;          // FlagChange
  bool names = false;          // MailboxName
  bool subscriptions = false;  // SubscriptionChange
  bool any() const { return messages || flags || names || subscriptions; }
};

enum class Filter : std::uint8_t { Selected, SelectedDelayed, Inboxes, Personal, Subscribed, Subtree, Mailboxes };

struct EventGroup {
  Filter filter = Filter::Selected;
  std::vector<std::string> names;    // Subtree, Mailboxes; UTF-8
  Events events;                     // nothing: NONE
  std::vector<FetchItem> new_items;  // of MessageNew in the selected mailbox
};

struct NotifyArgs {
  std::vector<EventGroup> groups;  // NONE: none
  bool status = false;             // STATUS: tell how things stand now
  bool unknown_event = false;      // answer NO [BADEVENT]
};

base::Result<NotifyArgs> parse_notify(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
