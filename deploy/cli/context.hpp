// What every command of `hearthmail` has: the global flags, the configuration, the databases, and how it talks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/load.hpp"
#include "store/accounts/accounts.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::cli {

// Exit codes of the command; documented in `hearthmail --help`.
constexpr int kOk = 0;
constexpr int kFailed = 1;  // said why on standard error
constexpr int kUsage = 2;   // the command line is wrong

// Filled by the command line; then `action` runs the chosen command and gives the exit code.
struct Context {
  std::string config_file;
  std::string data_dir;
  std::vector<std::string> sets;  // key=value
  bool json = false;
  std::function<int()> action;

  // What config::load asks for. Errors: Invalid (a --set without "=").
  base::Result<config::Inputs> inputs(config::Role role) const;
  base::Result<config::Loaded> load(config::Role role = config::Role::Command) const;
  // The flags again, as a daemon takes them.
  std::vector<std::string> daemon_arguments() const;
};

// The databases below data_dir. Errors: NotFound when `hearthmail init` has not been run; those of the store.
base::Result<std::unique_ptr<store::accounts::Store>> open_accounts(const config::Settings& settings);
base::Result<std::unique_ptr<store::queue::Store>> open_queue(const config::Settings& settings);

// NotFound unless there is a database in `directory`, Denied when we may not use it. A command never makes one by the way: a wrong --data-dir would look
// like an empty server.
base::Status must_exist(const std::string& directory);

std::string accounts_directory(const config::Settings& settings);
std::string queue_directory(const config::Settings& settings);
std::string mail_directory(const config::Settings& settings);

// Wakes the relay, so that it looks at the queue and the pauses now.
void ring_relay(const config::Settings& settings);

// Standard output.
void print(std::string_view text);
// "hearthmail: <what happened>" on standard error; gives kFailed.
int report(const base::Error& error);
// Prints what a command has to say, or reports its error; gives the exit code.
int finish(const base::Result<std::string>& said);
// The same for what is wrong with the command line; gives kUsage.
int report_usage(std::string_view text);

}  // namespace hearthmail::cli
