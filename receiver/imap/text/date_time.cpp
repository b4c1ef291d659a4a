#include "receiver/imap/text/date_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace hearthmail::receiver::imap::text {

namespace {

constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
// Years that four digits can say; a time outside is shown as the nearest one.
constexpr std::int64_t kEarliest = -62'167'219'200;  // 0000-01-01
constexpr std::int64_t kLatest = 253'402'300'799;    // 9999-12-31

// With zeros in front.
void put_digits(std::string& out, unsigned number, std::size_t digits) {
  out.append(digits, '0');
  for (auto at = out.rbegin(); digits > 0; --digits, ++at, number /= 10) *at = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string date_time(base::UnixTime time, std::int16_t zone_minutes) {
  const std::int64_t local = std::min(std::max(time + std::int64_t{zone_minutes} * 60, kEarliest), kLatest);
  const std::chrono::sys_seconds when{std::chrono::seconds{local}};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{when - day};
  const int zone = std::abs(int{zone_minutes});
  const unsigned day_of_month = static_cast<unsigned>(date.day());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  std::string out = day_of_month < 10 ? "\" " : "\"";
  put_digits(out, day_of_month, day_of_month < 10 ? 1 : 2);
  out.append("-").append(kMonths[static_cast<unsigned>(date.month()) - 1]).append("-");
  put_digits(out, year, 4);
  for (const auto& [before, number] : {std::pair(' ', clock.hours().count()), std::pair(':', clock.minutes().count()),
                                       std::pair(':', std::int64_t{clock.seconds().count()})}) {
    out += before;
    put_digits(out, static_cast<unsigned>(number), 2);
  }
  out.append(zone_minutes < 0 ? " -" : " +");
  put_digits(out, static_cast<unsigned>(zone / 60 * 100 + zone % 60), 4);
  return out + '"';
}

}  // namespace hearthmail::receiver::imap::text
