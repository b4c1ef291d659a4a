#include "common/base/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace hearthmail::base {
namespace {

class SystemClock : public Clock {
 public:
  UnixTime now() const override {
    return std::chrono::duration_cast<Seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  std::chrono::steady_clock::time_point steady() const override { return std::chrono::steady_clock::now(); }
};

std::tm utc(UnixTime time) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

std::string rfc5322_date(UnixTime time) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm t = utc(time);
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%s, %d %s %d %02d:%02d:%02d +0000", kDays[static_cast<std::size_t>(t.tm_wday)],
                t.tm_mday, kMonths[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min,
                t.tm_sec);
  return out.data();
}

std::string rfc3339(UnixTime time) {
  const std::tm t = utc(time);
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                t.tm_hour, t.tm_min, t.tm_sec);
  return out.data();
}

std::string human(Seconds duration) {
  const auto total = duration.count();
  const auto two = [](long long a, const char* ua, long long b, const char* ub) {
    std::string out = std::to_string(a) + " " + ua;
    if (b != 0) out += " " + std::to_string(b) + " " + ub;
    return out;
  };
  if (total < 60) return std::to_string(total) + " s";
  if (total < 3600) return std::to_string(total / 60) + " min";
  if (total < 86400) return two(total / 3600, "h", total % 3600 / 60, "min");
  return two(total / 86400, "d", total % 86400 / 3600, "h");
}

}  // namespace hearthmail::base
