#include "receiver/imap/parse/mailbox.hpp"

#include <utility>

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

constexpr std::size_t kMaxUses = 20;  // special uses in one CREATE

// create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")", RFC 6154 §6
Status parse_uses(Cursor& in, std::vector<std::string>& uses) {
  TRY(in.expect('(', "CREATE parameters"));
  if (!in.take_word("USE")) return in.error("USE");
  TRY(in.space());
  TRY(in.expect('(', "a list of special uses"));
  if (!in.take(')')) {
    do {
      if (uses.size() >= kMaxUses) return in.error("at most 20 special uses");
      TRY_ASSIGN(std::string use, in.flag_word());
      uses.push_back(std::move(use));
    } while (in.peek() == ' ' && in.space().ok());
    TRY(in.expect(')', "\")\" after the special uses"));
  }
  return in.expect(')', "\")\" after the CREATE parameters");
}

}  // namespace

Result<MailboxArgs> parse_mailbox_only(Cursor& in) {
  MailboxArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.mailbox, in.mailbox());
  return args;
}

Result<CreateArgs> parse_create(Cursor& in) {
  CreateArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.mailbox, in.mailbox());
  args.only_parent = args.mailbox.size() > 1 && args.mailbox.back() == '/';
  if (args.only_parent) args.mailbox.pop_back();
  if (in.peek() != ' ') return args;
  TRY(in.space());
  if (in.at_end()) return args;
  TRY(parse_uses(in, args.uses));
  return args;
}

Result<RenameArgs> parse_rename(Cursor& in) {
  RenameArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.from, in.mailbox());
  TRY(in.space());
  TRY_ASSIGN(args.to, in.mailbox());
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
