#include "receiver/imap/parse/mailbox.hpp"

#include <algorithm>
#include <utility>

#include "receiver/imap/parse/message.hpp"

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

// known-uids, known-sequence-set, known-uid-set: sequence-set without "*", RFC 7162 §7
Result<NumSet> parse_known(Cursor& in) {
  TRY_ASSIGN(NumSet set, parse_sequence_set(in));
  const bool star = std::any_of(set.ranges().begin(), set.ranges().end(),
                                [](const NumRange& range) { return range.first == 0 || range.last == 0; });
  if (star) return in.error("a set without \"*\"");
  return set.resolved(0);
}

// "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")", RFC 7162 §7
Result<QResync> parse_qresync(Cursor& in) {
  QResync known;
  TRY(in.space());
  TRY(in.expect('(', "what is known of the mailbox"));
  TRY_ASSIGN(known.uid_validity, in.nz_number());
  TRY(in.space());
  TRY_ASSIGN(known.modseq, in.mod_sequence());
  if (known.modseq == 0) return in.error("a mod-sequence above 0");
  bool more = in.peek() == ' ' && in.space().ok();
  if (more && in.peek() != '(') {
    TRY_ASSIGN(known.known_uids, parse_known(in));
    more = in.peek() == ' ' && in.space().ok();
  }
  if (more) {
    TRY(in.expect('(', "message sequence match data"));
    TRY_ASSIGN(known.match_sequences, parse_known(in));
    TRY(in.space());
    TRY_ASSIGN(known.match_uids, parse_known(in));
    TRY(in.expect(')', "\")\" after the match data"));
  }
  TRY(in.expect(')', "\")\" after QRESYNC's parameters"));
  return known;
}

}  // namespace

// select-params = SP "(" select-param *(SP select-param) ")", RFC 4466 §2.4
Result<SelectArgs> parse_select(Cursor& in) {
  SelectArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.mailbox, in.mailbox());
  args.supplied = in.supplied();
  if (in.peek() != ' ') return args;
  TRY(in.space());
  if (in.at_end()) return args;
  TRY(in.expect('(', "SELECT parameters"));
  do {
    if (in.take_word("CONDSTORE")) {
      args.condstore = true;
    } else if (!args.qresync.has_value() && in.take_word("QRESYNC")) {
      TRY_ASSIGN(args.qresync, parse_qresync(in));
    } else {
      return in.error("a SELECT parameter that is supported");
    }
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the SELECT parameters"));
  return args;
}

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
  args.supplied = in.supplied();
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
  args.supplied = in.supplied();
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
