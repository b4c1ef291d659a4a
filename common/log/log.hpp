// Structured events: one line each, human on a terminal, JSON otherwise. Never a password, never a message body.
//
//   log::info("delivered", {{"mailbox", "INBOX"}, {"octets", 4096}});
//
// Thread-safe; a line is written with one write(2) to standard error.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Auto, Human, Json };  // Auto: Human when standard error is a terminal

// One key and its value; keys are lower_snake_case.
struct Field {
  std::string_view key;
  std::string value;
  bool number = false;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <std::integral N>
  Field(std::string_view k, N v) : key(k), value(std::to_string(v)), number(true) {}
};
using Fields = std::initializer_list<Field>;

// Called once by main, before any thread starts. `program` is put into every line.
void setup(std::string_view program, Level least, Format format);
base::Result<Level> parse_level(std::string_view text);  // debug, info, warning, error

// `event` is a short, stable phrase in lower case; details go into fields.
void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) { write(Level::Debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { write(Level::Info, event, fields); }
inline void warning(std::string_view event, Fields fields = {}) { write(Level::Warning, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { write(Level::Error, event, fields); }

}  // namespace hearthmail::log
