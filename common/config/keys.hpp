// The table of every key. `config reference`, `config check`, the sample file and the README are made from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.hpp"
#include "common/config/value.hpp"

namespace hearthmail::config {

const std::vector<Key<Settings>>& setting_keys();
const std::vector<Key<Route>>& route_keys();  // below relay.<route>.

// "log.level" -> "HEARTHMAIL_LOG_LEVEL".
std::string environment_name(std::string_view key);
// The sections of a route that begin with this name: "relay.main.url".
std::string route_key(std::string_view route, std::string_view name);

}  // namespace hearthmail::config
