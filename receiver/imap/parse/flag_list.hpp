// Flags as clients write them, and date-time: RFC 9051 §2.3.2, §9.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxFlags = 1'000;  // in one list

// The same bits as store::mail::SystemFlag (text/flags.cpp asserts it).
enum FlagBit : std::uint8_t { kSeen = 1, kAnswered = 2, kFlagged = 4, kDeleted = 8, kDraft = 16 };

struct FlagList {
  std::uint8_t system = 0;            // FlagBit
  std::vector<std::string> keywords;  // as written, without repeats (ASCII case-insensitive)
};

struct DateTime {
  base::UnixTime time = 0;
  std::int16_t zone_minutes = 0;
};

// "(" [flag *(SP flag)] ")". \Recent and unknown system flags are refused.
base::Result<FlagList> parse_flag_list(Cursor& in);
// The list with or without its parentheses, as STORE takes it.
base::Result<FlagList> parse_store_flags(Cursor& in);
// DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
base::Result<DateTime> parse_date_time(Cursor& in);
// date = date-text / DQUOTE date-text DQUOTE; days since 1970-01-01.
base::Result<std::int64_t> parse_date(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
