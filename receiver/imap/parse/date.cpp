// date and date-time of RFC 9051 §9.
#include <array>
#include <chrono>

#include "common/base/text.hpp"
#include "receiver/imap/parse/flag_list.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;

namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t kSecondsPerDay = 86'400;

// 1*n digits; at least `least`.
Result<unsigned> digits(Cursor& in, unsigned least, unsigned most, std::string_view what) {
  unsigned value = 0;
  unsigned count = 0;
  while (count < most && base::is_digit(in.peek())) {
    value = value * 10 + static_cast<unsigned>(in.peek() - '0');
    in.take(in.peek());
    ++count;
  }
  if (count < least) return in.error(what);
  return value;
}

// date-text = date-day "-" date-month "-" date-year
Result<std::int64_t> date_text(Cursor& in) {
  const Cursor before = in;
  TRY_ASSIGN(const unsigned day, digits(in, 1, 2, "a day of the month"));
  TRY(in.expect('-', "\"-\" in the date"));
  unsigned month = 0;
  for (unsigned i = 0; i < kMonths.size() && month == 0; ++i) {
    if (in.take_prefix(kMonths[i])) month = i + 1;
  }
  if (month == 0) return in.error("a month (Jan to Dec)");
  TRY(in.expect('-', "\"-\" in the date"));
  TRY_ASSIGN(const unsigned year, digits(in, 4, 4, "a year of four digits"));
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok()) return before.error("a date that exists");
  return std::int64_t{std::chrono::sys_days{date}.time_since_epoch().count()};
}

Result<std::int64_t> time_text(Cursor& in) {
  const Cursor before = in;
  TRY_ASSIGN(const unsigned hour, digits(in, 2, 2, "an hour of two digits"));
  TRY(in.expect(':', "\":\" in the time"));
  TRY_ASSIGN(const unsigned minute, digits(in, 2, 2, "a minute of two digits"));
  TRY(in.expect(':', "\":\" in the time"));
  TRY_ASSIGN(const unsigned second, digits(in, 2, 2, "a second of two digits"));
  if (hour > 23 || minute > 59 || second > 60) return before.error("a time that exists");  // 60: a leap second
  return std::int64_t{hour} * 3600 + minute * 60 + second;
}

// zone = ("+" / "-") 4DIGIT
Result<std::int16_t> zone_text(Cursor& in) {
  const Cursor before = in;
  const bool west = in.take('-');
  if (!west && !in.take('+')) return in.error("a zone (+hhmm or -hhmm)");
  TRY_ASSIGN(const unsigned zone, digits(in, 4, 4, "a zone of four digits"));
  if (zone % 100 > 59 || zone / 100 > 23) return before.error("a zone that exists");
  const int minutes = static_cast<int>(zone / 100 * 60 + zone % 100);
  return static_cast<std::int16_t>(west ? -minutes : minutes);
}

}  // namespace

Result<std::int64_t> parse_date(Cursor& in) {
  const bool quoted = in.take('"');
  TRY_ASSIGN(const std::int64_t day, date_text(in));
  if (quoted) TRY(in.expect('"', "the closing quote of the date"));
  return day;
}

Result<DateTime> parse_date_time(Cursor& in) {
  TRY(in.expect('"', "a quoted date-time"));
  in.take(' ');  // date-day-fixed = (SP DIGIT) / 2DIGIT
  TRY_ASSIGN(const std::int64_t day, date_text(in));
  TRY(in.space());
  TRY_ASSIGN(const std::int64_t time, time_text(in));
  TRY(in.space());
  TRY_ASSIGN(const std::int16_t zone, zone_text(in));
  TRY(in.expect('"', "the closing quote of the date-time"));
  return DateTime{day * kSecondsPerDay + time - std::int64_t{zone} * 60, zone};
}

}  // namespace hearthmail::receiver::imap::parse
