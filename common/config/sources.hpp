// Where values come from, before they mean anything: the TOML file, the environment, flags, and the names that people
// already have in their compose files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/load.hpp"

namespace hearthmail::config {

// A value as it was given. `key` is the TOML name; a secret's file is given under "<key>_file".
struct Given {
  std::string key;
  std::string text;
  std::string from;  // for people: "environment HEARTHMAIL_HOSTNAME"
};

// Every value of a TOML file, flattened to dotted keys; arrays become words. Invalid with file, line and what is wrong.
// Without `with_secrets`, passwords that stand in the file are blanked before anything parses or copies them.
base::Result<std::vector<Given>> read_toml(const std::string& path, bool with_secrets);
// Overwrites the quoted value of every key that ends in "password" with '*', in place.
void blank_secrets(std::string& text);
// HEARTHMAIL_* except HEARTHMAIL_CONFIG, with `key` still the environment's name.
std::vector<Given> read_environment(const std::map<std::string, std::string>& environment);
// A secret's file: one trailing newline is dropped. Invalid names the file and the problem.
base::Result<std::string> read_secret_file(const std::string& path);

// The relay settings of RELAY_HOST, DEFAULT_RELAY_HOST, RELAYHOST and their companions as keys of a route "main"; empty
// when none is set. Invalid when two of them disagree or a port is not one. `notes` says which names were used.
base::Result<std::vector<Given>> compatible_relay(const std::map<std::string, std::string>& environment,
                                                  std::vector<std::string>& notes);

}  // namespace hearthmail::config
