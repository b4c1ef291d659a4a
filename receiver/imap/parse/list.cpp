#include "receiver/imap/parse/list.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

struct NamedItem {
  std::string_view name;
  StatusItem item;
};
constexpr std::array<NamedItem, 11> kStatusItems{{{"MESSAGES", StatusItem::Messages},
                                                  {"RECENT", StatusItem::Recent},
                                                  {"UIDNEXT", StatusItem::UidNext},
                                                  {"UIDVALIDITY", StatusItem::UidValidity},
                                                  {"UNSEEN", StatusItem::Unseen},
                                                  {"DELETED", StatusItem::Deleted},
                                                  {"DELETED-STORAGE", StatusItem::DeletedStorage},
                                                  {"SIZE", StatusItem::Size},
                                                  {"APPENDLIMIT", StatusItem::AppendLimit},
                                                  {"HIGHESTMODSEQ", StatusItem::HighestModSeq},
                                                  {"MAILBOXID", StatusItem::MailboxId}}};

Result<StatusItem> parse_item(Cursor& in) {
  for (const NamedItem& named : kStatusItems) {
    if (in.take_word(named.name)) return named.item;
  }
  return in.error("a STATUS item that is supported");
}

// "(" status-att *(SP status-att) ")"
Result<std::vector<StatusItem>> parse_items(Cursor& in) {
  std::vector<StatusItem> items;
  TRY(in.expect('(', "a list of STATUS items"));
  do {
    TRY_ASSIGN(const StatusItem item, parse_item(in));
    if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(item);
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the STATUS items"));
  return items;
}

Status select_option(Cursor& in, ListArgs& args) {
  if (in.take_word("SUBSCRIBED")) {
    args.select_subscribed = true;
  } else if (in.take_word("REMOTE")) {
    args.select_remote = true;
  } else if (in.take_word("RECURSIVEMATCH")) {
    args.select_recursive_match = true;
  } else if (in.take_word("SPECIAL-USE")) {
    args.select_special_use = true;
  } else {
    return in.error("a LIST selection option that is supported");
  }
  return base::ok();
}

Status return_option(Cursor& in, ListArgs& args) {
  if (in.take_word("SUBSCRIBED")) {
    args.return_subscribed = true;
  } else if (in.take_word("CHILDREN")) {
    args.return_children = true;
  } else if (in.take_word("SPECIAL-USE")) {
    args.return_special_use = true;
  } else if (in.take_word("MYRIGHTS")) {
    args.return_my_rights = true;
  } else if (in.take_word("METADATA")) {
    TRY(in.space());
    TRY_ASSIGN(args.return_metadata, parse_entries(in));
    for (const Entry& entry : args.return_metadata) {
      if (entry.name.empty()) return in.error("an entry below /private or /shared");
    }
  } else if (in.take_word("STATUS")) {
    TRY(in.space());
    TRY_ASSIGN(args.return_status, parse_items(in));
  } else {
    return in.error("a LIST return option that is supported");
  }
  return base::ok();
}

// "(" [option *(SP option)] ")"
Status options(Cursor& in, ListArgs& args, Status (*option)(Cursor&, ListArgs&)) {
  args.extended = true;
  TRY(in.expect('(', "a list of options"));
  if (in.take(')')) return base::ok();
  do {
    TRY(option(in, args));
  } while (in.peek() == ' ' && in.space().ok());
  return in.expect(')', "\")\" after the options");
}

// mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"
Status patterns(Cursor& in, ListArgs& args) {
  const bool several = in.take('(');
  args.extended = args.extended || several;
  do {
    if (args.patterns.size() >= kMaxListPatterns) return in.error("at most 100 patterns");
    TRY_ASSIGN(std::string pattern, in.list_mailbox());
    args.patterns.push_back(std::move(pattern));
  } while (several && in.peek() == ' ' && in.space().ok());
  return several ? in.expect(')', "\")\" after the patterns") : base::ok();
}

}  // namespace

std::string_view name(StatusItem item) {
  for (const NamedItem& named : kStatusItems) {
    if (named.item == item) return named.name;
  }
  return {};
}

Result<ListArgs> parse_list(Cursor& in) {
  ListArgs args;
  TRY(in.space());
  if (in.peek() == '(') {
    TRY(options(in, args, select_option));
    // RFC 9051 §6.3.9.1: RECURSIVEMATCH needs an option that it can apply to.
    if (args.select_recursive_match && !args.select_subscribed && !args.select_special_use) {
      return in.error("SUBSCRIBED or SPECIAL-USE beside RECURSIVEMATCH");
    }
    TRY(in.space());
  }
  TRY_ASSIGN(args.reference, in.mailbox());
  TRY(in.space());
  TRY(patterns(in, args));
  if (in.peek() != ' ') return args;
  TRY(in.space());
  if (in.at_end()) return args;
  if (!in.take_word("RETURN")) return in.error("RETURN");
  TRY(in.space());
  TRY(options(in, args, return_option));
  return args;
}

Result<LsubArgs> parse_lsub(Cursor& in) {
  LsubArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.reference, in.mailbox());
  TRY(in.space());
  TRY_ASSIGN(args.pattern, in.list_mailbox());
  return args;
}

Result<StatusArgs> parse_status(Cursor& in) {
  StatusArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.mailbox, in.mailbox());
  TRY(in.space());
  TRY_ASSIGN(args.items, parse_items(in));
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
