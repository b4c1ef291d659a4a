#include "common/log/line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "common/base/clock.hpp"
#include "common/base/text.hpp"

namespace hearthmail::log {
namespace {

std::string timestamp(std::chrono::milliseconds since_epoch) {
  std::string time = base::rfc3339(since_epoch.count() / 1000);
  time.pop_back();  // the "Z" comes after the fraction
  return fmt::format("{}.{:03}Z", time, since_epoch.count() % 1000);
}

// Cuts at most kMaxValue octets, never inside a UTF-8 character.
std::string cut(std::string_view value) {
  if (value.size() <= kMaxValue) return std::string(value);
  std::size_t end = kMaxValue;
  while (end > kMaxValue - 4 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  return std::string(value.substr(0, end)) + "...";
}

// How many octets at `at` are one printable character; 0 when the octet there must be escaped. C1 controls (U+0080 to
// U+009F) are escaped too: terminals act on them.
std::size_t printable_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x20 || first == 0x7F) return 0;
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  const std::string_view character = text.substr(at, length);
  if (character.size() < length || !base::is_utf8(character)) return 0;
  if (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0) return 0;
  return length;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = printable_at(text, at);
    if (length == 0) {
      const char c = text[at];
      if (c == '\n') out += "\\n";
      else if (c == '\r') out += "\\r";
      else if (c == '\t') out += "\\t";
      else out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      ++at;
      continue;
    }
    if (text[at] == '"' || text[at] == '\\') out += '\\';
    out += text.substr(at, length);
    at += length;
  }
  return out;
}

bool needs_quotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
           const auto octet = static_cast<unsigned char>(c);
           return octet <= 0x20 || octet >= 0x7F || c == '"' || c == '\\' || c == '=';
         });
}

std::string json_string(std::string_view text) {
  return nlohmann::json(cut(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warning: return "warning";
    case Level::Error: return "error";
  }
  return "error";
}

std::string human_line(std::chrono::milliseconds since_epoch, Level level, std::string_view program,
                       std::string_view event, Fields fields) {
  std::string line = fmt::format("{} {} {} {}", timestamp(since_epoch), name(level), program, escaped(cut(event)));
  for (const Field& field : fields) {
    const std::string value = cut(field.value);
    line += ' ';
    line += escaped(field.key);
    line += '=';
    line += needs_quotes(value) ? '"' + escaped(value) + '"' : value;
  }
  line += '\n';
  return line;
}

std::string json_line(std::chrono::milliseconds since_epoch, Level level, std::string_view program,
                      std::string_view event, Fields fields) {
  static constexpr std::array<std::string_view, 4> kReserved{"time", "level", "program", "event"};
  std::string line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"program\":{},\"event\":{}",
                                 timestamp(since_epoch), name(level), json_string(program), json_string(event));
  for (const Field& field : fields) {
    std::string key(field.key);
    if (std::find(kReserved.begin(), kReserved.end(), field.key) != kReserved.end()) key += '_';
    line += ',' + json_string(key) + ':' + (field.number ? field.value : json_string(field.value));
  }
  line += "}\n";
  return line;
}

}  // namespace hearthmail::log
