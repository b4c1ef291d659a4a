#include "receiver/imap/parse/notify.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

struct NamedFilter {
  std::string_view name;
  Filter filter;
};
constexpr std::array<NamedFilter, 7> kFilters{{{"SELECTED", Filter::Selected},
                                               {"SELECTED-DELAYED", Filter::SelectedDelayed},
                                               {"INBOXES", Filter::Inboxes},
                                               {"PERSONAL", Filter::Personal},
                                               {"SUBSCRIBED", Filter::Subscribed},
                                               {"SUBTREE", Filter::Subtree},
                                               {"MAILBOXES", Filter::Mailboxes}}};

bool is_selected(Filter filter) { return filter == Filter::Selected || filter == Filter::SelectedDelayed; }

// one-or-more-mailbox = mailbox / many-mailboxes
Status parse_names(Cursor& in, EventGroup& group, std::size_t& names) {
  TRY(in.space());
  const bool list = in.take('(');
  do {
    if (++names > kMaxNotifyNames) return in.error("at most 1000 mailbox names");
    TRY_ASSIGN(std::string name, in.mailbox());
    group.names.push_back(std::move(name));
  } while (list && in.peek() == ' ' && in.space().ok());
  return list ? in.expect(')', "\")\" after the mailbox names") : base::ok();
}

Status parse_filter(Cursor& in, EventGroup& group, std::size_t& names) {
  for (const NamedFilter& known : kFilters) {
    if (!in.take_word(known.name)) continue;
    group.filter = known.filter;
    const bool named = known.filter == Filter::Subtree || known.filter == Filter::Mailboxes;
    return named ? parse_names(in, group, names) : base::ok();
  }
  return in.error("SELECTED, SELECTED-DELAYED, INBOXES, PERSONAL, SUBSCRIBED, SUBTREE or MAILBOXES");
}

// Which of the two message events stand in the list.
struct Messages {
  bool arrived = false;
  bool expunged = false;
};

Status parse_event(Cursor& in, EventGroup& group, Messages& messages, bool& unknown) {
  if (in.take_word("MessageNew")) {
    messages.arrived = true;
    if (in.peek() != ' ') return base::ok();
    Cursor ahead = in;  // a list of FETCH items, or the next event
    TRY(ahead.space());
    if (ahead.peek() != '(') return base::ok();
    in = ahead;
    if (!is_selected(group.filter)) return in.error("FETCH items for the selected mailbox only");  // RFC 5465 §5.2
    TRY_ASSIGN(group.new_items, parse_fetch_items(in));
  } else if (in.take_word("MessageExpunge")) {
    messages.expunged = true;
  } else if (in.take_word("FlagChange")) {
    group.events.flags = true;
  } else if (in.take_word("MailboxName")) {
    group.events.names = true;
  } else if (in.take_word("SubscriptionChange")) {
    group.events.subscriptions = true;
  } else {
    TRY(in.atom());
    unknown = true;
  }
  return base::ok();
}

// events = ("(" event *(SP event) ")") / "NONE"
Status parse_events(Cursor& in, EventGroup& group, bool& unknown) {
  if (in.take_word("NONE")) return base::ok();
  Messages messages;
  TRY(in.expect('(', "a list of events or NONE"));
  do {
    TRY(parse_event(in, group, messages, unknown));
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the events"));
  if (messages.arrived != messages.expunged) return in.error("MessageNew and MessageExpunge together");  // §5
  if (group.events.flags && !messages.arrived) return in.error("MessageNew and MessageExpunge beside FlagChange");
  group.events.messages = messages.arrived;
  const bool of_names = group.events.names || group.events.subscriptions;
  if (is_selected(group.filter) && of_names) return in.error("events of messages for the selected mailbox");  // §6.1
  return base::ok();
}

}  // namespace

Result<NotifyArgs> parse_notify(Cursor& in) {
  NotifyArgs args;
  TRY(in.space());
  if (in.take_word("NONE")) return args;
  if (!in.take_word("SET")) return in.error("SET or NONE");
  TRY(in.space());
  args.status = in.take_word("STATUS");
  if (args.status) TRY(in.space());
  std::size_t names = 0;
  do {
    if (args.groups.size() >= kMaxEventGroups) return in.error("at most 100 event groups");
    EventGroup group;
    TRY(in.expect('(', "a group of events"));
    TRY(parse_filter(in, group, names));
    TRY(in.space());
    TRY(parse_events(in, group, args.unknown_event));
    TRY(in.expect(')', "\")\" after the group"));
    args.groups.push_back(std::move(group));
  } while (in.peek() == '(' || (in.peek() == ' ' && in.space().ok() && !in.at_end()));
  const auto selected = [](const EventGroup& group) { return is_selected(group.filter); };
  if (std::count_if(args.groups.begin(), args.groups.end(), selected) > 1) {
    return in.error("one group for the selected mailbox");  // RFC 5465 §6.1
  }
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
