#include "common/mime/date.hpp"

#include <array>
#include <string>
#include <vector>

#include "common/base/text.hpp"
#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::size_t kMaxDateWords = 12;

struct Zone {
  std::string_view name;
  int hours;
};
// RFC 5322 §4.3; every other alphabetic zone counts as -0000.
constexpr std::array<Zone, 8> kZones{
    {{"edt", -4}, {"est", -5}, {"cdt", -5}, {"cst", -6}, {"mdt", -6}, {"mst", -7}, {"pdt", -7}, {"pst", -8}}};

constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";

int month_of(std::string_view word) {
  if (word.size() < 3) return 0;
  const std::string three = base::lower(word.substr(0, 3));
  for (std::size_t i = 0; i < 12; ++i) {
    if (kMonths.substr(i * 3, 3) == three) return static_cast<int>(i) + 1;
  }
  return 0;
}

// Two digits up to 49 are 20xx, other two and all three digit years count from 1900. RFC 5322 §4.3
std::optional<int> year_of(std::string_view word) {
  const auto number = base::parse_u32(word);
  if (!number || word.size() < 2 || *number > 9999) return std::nullopt;
  if (word.size() == 2) return static_cast<int>(*number) + (*number < 50 ? 2000 : 1900);
  if (word.size() == 3) return static_cast<int>(*number) + 1900;
  return static_cast<int>(*number);
}

std::optional<int> number_in(std::string_view word, int least, int most) {
  const auto number = base::parse_u32(word);
  if (!number || *number < static_cast<std::uint32_t>(least) || *number > static_cast<std::uint32_t>(most)) {
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Words between white space, commas and comments; "23-Nov-2026" gives three.
std::vector<std::string_view> words_of(std::string_view value) {
  std::vector<std::string_view> out;
  FieldCursor in(value);
  while (out.size() < kMaxDateWords) {
    in.skip_cfws();
    if (in.empty()) break;
    if (in.take(',')) continue;
    const std::string_view word = in.until(",(");
    const bool dashed = word.size() > 6 && word.find('-') != std::string_view::npos && word[0] != '-';
    if (!dashed) {
      out.push_back(word);
      continue;
    }
    for (const std::string_view piece : base::split(word, '-')) out.push_back(piece);
  }
  return out;
}

// "18:38:50", "18:38", "18.38.50": seconds since midnight. RFC 5322 allows 60 for a leap second.
std::optional<int> time_of(std::string_view word) {
  const char separator = word.find(':') != std::string_view::npos ? ':' : '.';
  const auto pieces = base::split(word, separator);
  if (pieces.size() < 2 || pieces.size() > 3) return std::nullopt;
  const auto hour = number_in(pieces[0], 0, 23);
  const auto minute = number_in(pieces[1], 0, 59);
  const auto second = pieces.size() == 3 ? number_in(pieces[2], 0, 60) : std::optional<int>(0);
  if (!hour || !minute || !second) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

std::optional<int> zone_of(std::string_view word) {
  if (word.size() == 5 && (word[0] == '+' || word[0] == '-')) {
    const auto number = base::parse_u32(word.substr(1));
    if (!number || *number % 100 > 59) return 0;
    const int minutes = static_cast<int>(*number / 100 * 60 + *number % 100);
    return word[0] == '-' ? -minutes : minutes;
  }
  const std::string low = base::lower(word);
  for (const Zone& zone : kZones) {
    if (zone.name == low) return zone.hours * 60;
  }
  return std::nullopt;
}

struct Found {
  std::optional<int> year;
  int month = 0;
  std::optional<int> day;
  std::optional<int> seconds;
  int zone = 0;
};

void take_word(Found& found, std::string_view word) {
  if (!found.seconds && (found.seconds = time_of(word))) return;
  if (found.seconds && (word[0] == '+' || word[0] == '-' || base::is_alpha(word[0]))) {
    found.zone = zone_of(word).value_or(found.zone);
    return;
  }
  if (found.month == 0 && base::is_alpha(word[0])) {
    found.month = month_of(word);
  } else if (!found.day && word.size() <= 2) {
    found.day = number_in(word, 1, 31);
  } else if (!found.year) {
    found.year = year_of(word);
  }
}

}  // namespace

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  const std::int64_t shifted = month <= 2 ? year - 1 : year;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const std::int64_t year_of_era = shifted - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

std::optional<Date> parse_date(std::string_view value) {
  Found found;
  for (const std::string_view word : words_of(value)) {
    if (!word.empty()) take_word(found, word);
  }
  if (!found.year || found.month == 0 || !found.day) return std::nullopt;
  if (*found.day > days_in_month(*found.year, found.month)) return std::nullopt;
  Date date;
  date.day = days_from_civil(*found.year, found.month, *found.day);
  date.zone_minutes = static_cast<std::int16_t>(found.zone);
  date.time = date.day * 86'400 + found.seconds.value_or(0) - found.zone * 60;
  return date;
}

}  // namespace hearthmail::mime
