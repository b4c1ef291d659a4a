#include "receiver/imap/text/date_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace hearthmail::receiver::imap::text {

namespace {

constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
// Years that four digits can say; a time outside is shown as the nearest one.
constexpr std::int64_t kEarliest = -62'167'219'200;  // 0000-01-01
constexpr std::int64_t kLatest = 253'402'300'799;    // 9999-12-31

}  // namespace

std::string date_time(base::UnixTime time, std::int16_t zone_minutes) {
  const std::int64_t local = std::min(std::max(time + std::int64_t{zone_minutes} * 60, kEarliest), kLatest);
  const std::chrono::sys_seconds when{std::chrono::seconds{local}};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{when - day};
  const int zone = std::abs(int{zone_minutes});
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "\"%2u-%s-%04d %02d:%02d:%02d %c%02d%02d\"", static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
  return out.data();
}

}  // namespace hearthmail::receiver::imap::text
