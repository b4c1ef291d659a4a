// Reading the configuration: flag over environment over file over default, every value with its origin.
// Refuses to go on (Invalid, one line per problem) on an unknown key, a bad value, a secret given twice or missing.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/settings.hpp"

namespace hearthmail::config {

// Which program asks. Only Relay and Check read the routes' secrets: the process that parses strangers' bytes never
// holds them.
enum class Role { Receiver, Submission, Relay, Command, Check };

// "hearthmail-relay"; "hearthmail" for Command and Check.
const char* program_name(Role role);

struct Inputs {
  std::string config_file;  // --config; must exist when set
  bool read_file = true;    // false: no file at all, not even the system's; for the command that is about to write it
  std::vector<std::pair<std::string, std::string>> flags;  // --set key=value, with the key's TOML name
  std::map<std::string, std::string> environment;
  Role role = Role::Command;
};

// Where one effective value came from.
struct Origin {
  std::string key;    // TOML name, "relay.main.password"
  std::string value;  // as text; a secret as its length and fingerprint
  std::string from;   // "default", "environment HEARTHMAIL_…", "file /etc/… line 12", "flag --set"
  bool secret = false;
};

struct Loaded {
  Settings settings;
  std::vector<Origin> origins;     // in the order of the reference
  std::vector<std::string> notes;  // for the log: a compatibility name was used, a weaker setting is in force
};

base::Result<Loaded> load(const Inputs& inputs);

// The process's environment, as Inputs wants it.
std::map<std::string, std::string> process_environment();

// What a daemon's main calls: parses --config FILE, --data-dir DIR, --set key=value, sets up the log, loads, logs the
// notes, and takes secrets out of the environment. On an error the text is ready to be printed.
base::Result<Settings> load_daemon(int argc, char** argv, Role role);

// `hearthmail config check`: the effective configuration with the origin of every value.
std::string render_check(const Loaded& loaded, bool json);
// `hearthmail config reference`: every key with type, unit, default and environment name.
std::string render_reference(bool markdown);
// A commented file with every key at its default, as `hearthmail init` writes it.
std::string render_sample();

}  // namespace hearthmail::config
