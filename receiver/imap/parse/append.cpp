#include "receiver/imap/parse/append.hpp"

#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

// append-opts = [SP flag-list] [SP date-time]; a space, then the literal where the text ends.
Result<AppendOptions> parse_options(Cursor& in) {
  AppendOptions options;
  TRY(in.space());
  if (in.peek() == '(') {
    TRY_ASSIGN(options.flags, parse_flag_list(in));
    TRY(in.space());
  }
  if (in.peek() == '"') {
    TRY_ASSIGN(options.date, parse_date_time(in));
    TRY(in.space());
  }
  if (in.utf8() && in.take_word("UTF8")) {
    TRY(in.space());
    TRY(in.expect('(', "UTF8's message"));
    options.utf8 = true;
  }
  if (!in.at_end()) return in.error("flags, a date-time or the message as a literal");
  return options;
}

// seq-number / uniqueid; 0 stands for "*".
Result<Replaced> parse_replaced(Cursor& in, bool uid) {
  Replaced replaced{uid, 0};
  if (!in.take('*')) {
    TRY_ASSIGN(replaced.number, in.nz_number());
  }
  TRY(in.space());
  return replaced;
}

}  // namespace

Result<AppendStart> parse_append(std::string_view text, bool utf8) {
  Cursor in(text, utf8);
  AppendStart start;
  TRY_ASSIGN(start.tag, in.tag());
  TRY(in.space());
  const bool uid = in.take_word("UID");
  if (uid) TRY(in.space());
  const bool replaces = in.take_word("REPLACE");
  if (!replaces && (uid || !in.take_word("APPEND"))) return in.error("APPEND or REPLACE");
  TRY(in.space());
  if (replaces) {
    TRY_ASSIGN(start.replaced, parse_replaced(in, uid));
  }
  TRY_ASSIGN(start.mailbox, in.mailbox());
  TRY_ASSIGN(start.options, parse_options(in));
  return start;
}

Result<AppendOptions> parse_append_next(std::string_view text, const AppendOptions& before, bool utf8) {
  Cursor in(text, utf8);
  if (before.utf8) TRY(in.expect(')', "\")\" after UTF8's message"));
  return parse_options(in);
}

Status parse_append_end(std::string_view text, const AppendOptions& last) {
  Cursor in(text);
  if (last.utf8) TRY(in.expect(')', "\")\" after UTF8's message"));
  return in.end();
}

}  // namespace hearthmail::receiver::imap::parse
