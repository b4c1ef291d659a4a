#include "receiver/imap/parse/append.hpp"

#include <utility>

#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

// [flag-list SP] [date-time SP]
Status parse_flags_and_date(Cursor& in, AppendOptions& options) {
  if (in.peek() == '(') {
    TRY_ASSIGN(options.flags, parse_flag_list(in));
    TRY(in.space());
  }
  if (in.peek() == '"') {
    TRY_ASSIGN(options.date, parse_date_time(in));
    TRY(in.space());
  }
  return base::ok();
}

// cat-part *(SP cat-part) ")", up to the literal of a TEXT, RFC 4469 §5. True when the list has ended.
Result<bool> parse_parts(Cursor& in, bool literal, AppendSteps& steps) {
  for (;;) {
    if (literal && in.take_word("TEXT")) {
      TRY(in.space());
      if (!in.at_end()) return in.error("the text as a literal");
      return false;
    }
    if (!in.take_word("URL")) return in.error("URL or TEXT");
    TRY(in.space());
    AppendStep part{AppendStep::Kind::Url, {}, {}};
    TRY_ASSIGN(part.url, in.astring());
    steps.push_back(std::move(part));
    if (in.take(')')) {
      steps.push_back({AppendStep::Kind::Close, {}, {}});
      return true;
    }
    TRY(in.space());
  }
}

// append-message = [SP flag-list] [SP date-time] SP append-data, RFC 4469 §5, up to its literal. False: it has none.
Result<bool> parse_message(Cursor& in, bool literal, AppendSteps& steps) {
  AppendStep begin;
  TRY(in.space());
  TRY(parse_flags_and_date(in, begin.options));
  begin.options.catenate = in.take_word("CATENATE");
  if (begin.options.catenate) {
    TRY(in.space());
    TRY(in.expect('(', "CATENATE's parts"));
    steps.push_back(std::move(begin));
    TRY_ASSIGN(const bool whole, parse_parts(in, literal, steps));
    return !whole;
  }
  if (in.utf8() && in.take_word("UTF8")) {
    TRY(in.space());
    TRY(in.expect('(', "UTF8's message"));
    begin.options.utf8 = true;
  }
  if (!literal || !in.at_end()) return in.error("flags, a date-time, CATENATE or the message as a literal");
  steps.push_back(std::move(begin));
  return true;
}

// Messages up to the next literal, or to the end of the command.
Status parse_messages(Cursor& in, bool literal, AppendSteps& steps) {
  for (;;) {
    TRY_ASSIGN(const bool due, parse_message(in, literal, steps));
    if (due) return base::ok();
    if (!literal && in.rest().find_first_not_of(' ') == std::string_view::npos) return base::ok();
  }
}

// What follows a literal until its message is whole. False: another literal of it comes.
Result<bool> parse_rest(Cursor& in, const AppendOptions& before, bool literal, AppendSteps& steps) {
  if (before.utf8) TRY(in.expect(')', "\")\" after UTF8's message"));
  if (!before.catenate) return true;
  if (in.take(')')) {
    steps.push_back({AppendStep::Kind::Close, {}, {}});
    return true;
  }
  TRY(in.space());
  return parse_parts(in, literal, steps);
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

Result<AppendStart> parse_append(std::string_view text, bool utf8, bool literal) {
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
  TRY(parse_messages(in, literal, start.steps));
  return start;
}

Result<AppendSteps> parse_append_next(std::string_view text, const AppendOptions& before, bool utf8) {
  Cursor in(text, utf8);
  AppendSteps steps;
  TRY_ASSIGN(const bool whole, parse_rest(in, before, true, steps));
  if (whole) TRY(parse_messages(in, true, steps));
  return steps;
}

Result<AppendSteps> parse_append_end(std::string_view text, const AppendOptions& last, bool utf8) {
  Cursor in(text, utf8);
  AppendSteps steps;
  TRY(parse_rest(in, last, false, steps));
  if (in.rest().find_first_not_of(' ') != std::string_view::npos) TRY(parse_messages(in, false, steps));
  return steps;
}

}  // namespace hearthmail::receiver::imap::parse
