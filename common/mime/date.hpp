// Dates of header fields, RFC 5322 §3.3 with the obsolete forms of §4.3 and what mailers write besides.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/clock.hpp"

namespace hearthmail::mime {

struct Date {
  base::UnixTime time = 0;        // UTC
  std::int64_t day = 0;           // days since 1970-01-01 as written, disregarding time and zone
  std::int16_t zone_minutes = 0;  // east of UTC; 0 when unknown
};

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar. `month` 1 to 12.
std::int64_t days_from_civil(std::int64_t year, int month, int day);

// "Mon, 23 Nov 2026 18:38:50 +0100 (CET)": weekday, seconds and zone may be missing; also "Mon Nov 23 18:38:50 2026".
// Nothing when day, month and year cannot be told or are no date.
std::optional<Date> parse_date(std::string_view value);

}  // namespace hearthmail::mime
