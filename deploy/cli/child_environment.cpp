#include "deploy/cli/child_environment.hpp"

#include <algorithm>
#include <array>

namespace hearthmail::cli {

namespace {

constexpr std::array<std::string_view, 5> kOtherSecrets{"RELAY_PASSWORD", "RELAY_PASSWORD_FILE", "RELAYHOST_PASSWORD",
                                                        "RELAYHOST_PASSWORD_FILE", "CREDENTIALS_DIRECTORY"};

}  // namespace

bool is_relay_secret(std::string_view name) {
  if (std::find(kOtherSecrets.begin(), kOtherSecrets.end(), name) != kOtherSecrets.end()) return true;
  return name.starts_with("HEARTHMAIL_RELAY_") && name.find("_PASSWORD") != std::string_view::npos;
}

std::vector<std::string> relay_secrets(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> names;
  for (const auto& [name, value] : environment) {
    if (is_relay_secret(name)) names.push_back(name);
  }
  return names;
}

}  // namespace hearthmail::cli
