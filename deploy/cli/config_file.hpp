// The configuration file that `hearthmail init` writes.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/config/settings.hpp"

namespace hearthmail::cli {

// The commented sample with the keys filled in that this setup needs: data_dir and hostname.
std::string config_text(std::string_view sample, const config::Settings& settings);

// `text` as a string of TOML, in quotes.
std::string toml_string(std::string_view text);

// Writes a file that must not be there yet, readable for its owner only. Errors: Unavailable.
base::Status write_new_file(const std::string& path, std::string_view text);

}  // namespace hearthmail::cli
