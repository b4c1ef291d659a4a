// What must hold between settings before a program may start.
#pragma once

#include <string>
#include <vector>

#include "common/config/settings.hpp"

namespace hearthmail::config {

// Fills what is computed: run_dir from data_dir, the host name from the machine. Problems are appended.
void fill_defaults(Settings& settings, std::vector<std::string>& problems);
// Checks routes and limits; `with_secrets`: a missing secret is a problem too. `notes` gets what weakens security.
void validate(const Settings& settings, bool with_secrets, std::vector<std::string>& problems,
              std::vector<std::string>& notes);

// Loopback by name or address: the only peers to whom plaintext is allowed.
bool is_loopback_host(std::string_view host);

}  // namespace hearthmail::config
