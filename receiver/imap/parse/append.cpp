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
  if (!in.at_end()) return in.error("flags, a date-time or the message as a literal");
  return options;
}

}  // namespace

Result<AppendStart> parse_append(std::string_view text, bool utf8) {
  Cursor in(text, utf8);
  AppendStart start;
  TRY_ASSIGN(start.tag, in.tag());
  TRY(in.space());
  if (!in.take_word("APPEND")) return in.error("APPEND");
  TRY(in.space());
  TRY_ASSIGN(start.mailbox, in.mailbox());
  TRY_ASSIGN(start.options, parse_options(in));
  return start;
}

Result<AppendOptions> parse_append_next(std::string_view text) {
  Cursor in(text);
  return parse_options(in);
}

Status parse_append_end(std::string_view text) {
  Cursor in(text);
  return in.end();
}

}  // namespace hearthmail::receiver::imap::parse
