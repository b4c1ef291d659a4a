#include "deploy/cli/context.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "common/net/doorbell.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;

Result<config::Inputs> Context::inputs(config::Role role) const {
  config::Inputs out;
  out.role = role;
  out.config_file = config_file;
  out.environment = config::process_environment();
  if (!data_dir.empty()) out.flags.emplace_back("data_dir", data_dir);
  for (const auto& set : sets) {
    const auto equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Errc::Invalid,
                   "--set " + set + ": write --set key=value; `hearthmail config reference` lists the keys"};
    }
    out.flags.emplace_back(set.substr(0, equals), set.substr(equals + 1));
  }
  return out;
}

Result<config::Loaded> Context::load(config::Role role) const {
  TRY_ASSIGN(const auto given, inputs(role));
  return config::load(given);
}

std::vector<std::string> Context::daemon_arguments() const {
  std::vector<std::string> arguments;
  if (!config_file.empty()) arguments.insert(arguments.end(), {"--config", config_file});
  if (!data_dir.empty()) arguments.insert(arguments.end(), {"--data-dir", data_dir});
  for (const auto& set : sets) arguments.insert(arguments.end(), {"--set", set});
  return arguments;
}

std::string accounts_directory(const config::Settings& settings) { return settings.data_dir + "/accounts"; }
std::string queue_directory(const config::Settings& settings) { return settings.data_dir + "/queue"; }
std::string mail_directory(const config::Settings& settings) { return settings.data_dir + "/mail"; }

base::Status must_exist(const std::string& directory) {
  const std::string file = directory + "/data.mdb";
  if (access(file.c_str(), R_OK | W_OK) == 0) return base::ok();
  if (errno != ENOENT && errno != ENOTDIR) {
    return Error{Errc::Denied, "cannot open " + file + ": " + std::strerror(errno) +
                                   ".\nRun this as the user whom the data directory belongs to (sudo -u USER ...)."};
  }
  return Error{Errc::NotFound,
               "there is no database in " + directory +
                   ": this data directory was not set up.\nRun `hearthmail init --domain DOMAIN`, or name "
                   "the right one with --data-dir DIR or --config FILE."};
}

Result<std::unique_ptr<store::accounts::Store>> open_accounts(const config::Settings& settings) {
  TRY(must_exist(accounts_directory(settings)));
  return store::accounts::Store::open(accounts_directory(settings));
}

Result<std::unique_ptr<store::queue::Store>> open_queue(const config::Settings& settings) {
  TRY(must_exist(queue_directory(settings)));
  return store::queue::Store::open(queue_directory(settings));
}

void ring_relay(const config::Settings& settings) { net::ring(settings.run_dir + "/relay.bell"); }

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

namespace {

void complain(std::string_view text) {
  const std::string line = "hearthmail: " + std::string(text) + "\n";
  std::fflush(stdout);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

int report(const Error& error) {
  complain(error.text);
  return kFailed;
}

int finish(const Result<std::string>& said) {
  if (!said.ok()) return report(said.error());
  print(*said);
  return kOk;
}

int report_usage(std::string_view text) {
  complain(text);
  return kUsage;
}

}  // namespace hearthmail::cli
