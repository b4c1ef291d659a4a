// What of our environment the daemons must not see: only the relay ever gets the secrets of the routes. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::cli {

// HEARTHMAIL_RELAY_…_PASSWORD, …_PASSWORD_FILE, the names of other projects' compose files that config takes for them, and
// systemd's directory of credentials.
bool is_relay_secret(std::string_view name);

// The names of our variables that every daemon but the relay starts without.
std::vector<std::string> relay_secrets(const std::map<std::string, std::string>& environment);

}  // namespace hearthmail::cli
