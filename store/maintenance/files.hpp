// Directories that appear whole or not at all. Private to store/maintenance and the command.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::store::maintenance {

base::Status make_directory(const std::string& path);                          // mode 0700; fine when it is there
base::Status sync_directory(const std::string& path);                          // its entries are durable
base::Status write_durably(const std::string& path, std::string_view octets);  // mode 0600, a new file
base::Result<std::string> read_file(const std::string& path);                  // NotFound
bool exists(const std::string& path);
// Puts `staged` in the place of `target`, atomically; what was there (if anything) is at `staged` afterwards.
base::Status exchange(const std::string& staged, const std::string& target);
std::uint64_t octets_in(const std::string& file);  // 0 when it is not there
base::Result<std::uint64_t> free_octets(const std::string& directory);

}  // namespace hearthmail::store::maintenance
