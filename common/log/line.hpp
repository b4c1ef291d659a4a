// The text of one log line, without its output: what log::write prints and what tests look at.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/log/log.hpp"

namespace hearthmail::log {

// Octets of one value that are printed; the rest is cut, so that a hostile peer cannot fill the disk with one line.
constexpr std::size_t kMaxValue = 2048;

std::string_view name(Level level);  // "debug", "info", "warning", "error"

// "2026-11-23T18:38:50.123Z info hearthmail-relay delivered mailbox=INBOX octets=4096\n". A value with blanks, quotes,
// "=" or control characters is quoted; what is not printable UTF-8 appears as \xNN.
std::string human_line(std::chrono::milliseconds since_epoch, Level level, std::string_view program,
                       std::string_view event, Fields fields);

// {"time":"…","level":"info","program":"…","event":"…",…}\n. A field that is named like one of these four gets a "_" at
// its end; octets that are not UTF-8 become U+FFFD.
std::string json_line(std::chrono::milliseconds since_epoch, Level level, std::string_view program,
                      std::string_view event, Fields fields);

}  // namespace hearthmail::log
