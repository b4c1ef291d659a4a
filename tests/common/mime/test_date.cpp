#include "common/mime/date.hpp"

#include "common/base/clock.hpp"
#include "tests/support/catch.hpp"

using hearthmail::mime::days_from_civil;
using hearthmail::mime::parse_date;

namespace {

// The date in UTC as RFC 3339 writes it, or "none".
std::string utc(std::string_view value) {
  const auto date = parse_date(value);
  return date ? hearthmail::base::rfc3339(date->time) : "none";
}

}  // namespace

TEST_CASE("Dates of RFC 5322 3.3") {
  CHECK(utc("Fri, 21 Nov 1997 09:55:06 -0600") == "1997-11-21T15:55:06Z");
  CHECK(utc(" Mon, 23 Nov 2026 18:38:50 +0100 (CET)\r\n") == "2026-11-23T17:38:50Z");
  CHECK(utc("23 Nov 2026 18:38 +0000") == "2026-11-23T18:38:00Z");
  CHECK(utc("Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland "
            "Time)") == "1969-02-14T03:02:00Z");
}

TEST_CASE("Obsolete dates, RFC 5322 4.3") {
  CHECK(utc("21 Nov 97 09:55:06 GMT") == "1997-11-21T09:55:06Z");
  CHECK(utc("21 Nov 49 09:55:06 UT") == "2049-11-21T09:55:06Z");
  CHECK(utc("21 Nov 50 09:55:06 UT") == "1950-11-21T09:55:06Z");
  CHECK(utc("21 Nov 126 09:55:06 UT") == "2026-11-21T09:55:06Z");
  CHECK(utc("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600") != "1997-11-21T09:55:06Z");
  CHECK(utc("1 Jul 2026 00:00:00 EST") == "2026-07-01T05:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 EDT") == "2026-07-01T04:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 CST") == "2026-07-01T06:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 CDT") == "2026-07-01T05:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 MST") == "2026-07-01T07:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 MDT") == "2026-07-01T06:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 PST") == "2026-07-01T08:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 pdt") == "2026-07-01T07:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 Z") == "2026-07-01T00:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 A") == "2026-07-01T00:00:00Z");
  CHECK(utc("1 Jul 2026 00:00:00 CEST") == "2026-07-01T00:00:00Z");
}

TEST_CASE("Dates as some mailers write them") {
  CHECK(utc("Mon Nov 23 18:38:50 2026") == "2026-11-23T18:38:50Z");
  CHECK(utc("Monday, 23-Nov-26 18:38:50 GMT") == "2026-11-23T18:38:50Z");
  CHECK(utc("23 November 2026") == "2026-11-23T00:00:00Z");
  CHECK(utc("29 Feb 2024 12.30.01 +0000") == "2024-02-29T12:30:01Z");
  CHECK(utc("31 Dec 2016 23:59:60 +0000") == "2017-01-01T00:00:00Z");
}

TEST_CASE("What is no date") {
  const auto value =
      GENERATE(as<std::string>{}, "", "yesterday", "32 Nov 2026 00:00:00 +0000", "29 Feb 2026 00:00:00 +0000",
               "0 Jan 2026", "1 Foo 2026", "1 Jan", "Jan 2026", "1 Jan 20260 00:00:00", "((((", ",,,,");
  INFO(value);
  CHECK(utc(value) == "none");
}

TEST_CASE("The day as written disregards time and zone, RFC 9051 6.4.4") {
  CHECK(parse_date("1 Jan 1970 23:59:59 -1200")->day == 0);
  CHECK(parse_date("2 Jan 1970 00:00:00 +1400")->day == 1);
  CHECK(parse_date("2 Jan 1970 00:00:00 +1400")->zone_minutes == 840);
  CHECK(parse_date("2 Jan 1970 00:00:00 -0330")->zone_minutes == -210);
  CHECK(days_from_civil(2000, 3, 1) == 11017);
  CHECK(days_from_civil(1969, 12, 31) == -1);
}
