// INTERNALDATE, RFC 9051 §9 date-time.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.hpp"

namespace hearthmail::receiver::imap::text {

// "\"17-Jul-1996 02:44:25 -0700\"", with its quotes; the day is fixed to two columns (" 1-Jul-1996").
std::string date_time(base::UnixTime time, std::int16_t zone_minutes);

}  // namespace hearthmail::receiver::imap::text
