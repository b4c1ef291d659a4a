// JSON as the commands print it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace hearthmail::cli {

// Indented, with a newline at the end. Octets that are no UTF-8 (an SMTP reply may have any) become U+FFFD.
inline std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace hearthmail::cli
