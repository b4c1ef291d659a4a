#include <stdlib.h>  // unsetenv
#include <string.h>  // explicit_bzero
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "common/base/text.hpp"
#include "common/config/keys.hpp"
#include "common/config/load.hpp"
#include "common/log/log.hpp"

namespace hearthmail::config {
namespace {

std::string usage(Role role) {
  return std::string("usage: ") + program_name(role) + " [--config FILE] [--data-dir DIR] [--set KEY=VALUE]...\n" +
         "Started by `hearthmail up`, systemd or a container; `hearthmail config reference` lists every key.";
}

base::Result<Inputs> parse_arguments(int argc, char** argv, Role role) {
  Inputs inputs;
  inputs.role = role;
  inputs.environment = process_environment();
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") return base::Error{base::Errc::Unsupported, usage(role)};
    if (i + 1 == argc) return base::Error{base::Errc::Invalid, name + ": needs a value\n" + usage(role)};
    const std::string value = argv[++i];
    const auto equals = value.find('=');
    if (name == "--config") inputs.config_file = value;
    else if (name == "--data-dir") inputs.flags.emplace_back("data_dir", value);
    else if (name == "--set" && equals != std::string::npos)
      inputs.flags.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    else return base::Error{base::Errc::Invalid, name + " " + value + ": unknown argument\n" + usage(role)};
  }
  return inputs;
}

// The value is overwritten where it stands, so that /proc/PID/environ does not show it any more either.
void forget_secrets(const std::map<std::string, std::string>& environment) {
  for (const auto& [name, value] : environment) {
    const bool secret = name.size() > 9 && name.compare(name.size() - 9, 9, "_PASSWORD") == 0;
    if (!secret) continue;
    if (char* const shown = getenv(name.c_str())) explicit_bzero(shown, value.size());
    unsetenv(name.c_str());
  }
}

log::Format format_of(const std::string& text) {
  if (text == "human") return log::Format::Human;
  return text == "json" ? log::Format::Json : log::Format::Auto;
}

}  // namespace

const char* program_name(Role role) {
  switch (role) {
    case Role::Receiver: return "hearthmail-receiver";
    case Role::Submission: return "hearthmail-submission";
    case Role::Relay: return "hearthmail-relay";
    case Role::Command:
    case Role::Check: return "hearthmail";
  }
  return "hearthmail";
}

base::Result<Settings> load_daemon(int argc, char** argv, Role role) {
  TRY_ASSIGN(auto inputs, parse_arguments(argc, argv, role));
  TRY_ASSIGN(auto loaded, load(inputs));
  forget_secrets(inputs.environment);
  TRY_ASSIGN(const auto level, log::parse_level(loaded.settings.log_level));
  log::setup(program_name(role), level, format_of(loaded.settings.log_format));
  if (role == Role::Relay) {
    for (const auto& note : loaded.notes) log::warning("configuration", {{"note", note}});
  }
  for (const auto* directory : {&loaded.settings.data_dir, &loaded.settings.run_dir}) {
    if (mkdir(directory->c_str(), 0700) != 0 && access(directory->c_str(), W_OK | X_OK) != 0) {
      return base::Error{
          base::Errc::Invalid,
          "directory " + *directory + " cannot be written; run `hearthmail init`, or set data_dir and run_dir"};
    }
  }
  return std::move(loaded.settings);
}

}  // namespace hearthmail::config
