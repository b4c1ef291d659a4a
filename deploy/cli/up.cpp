// hearthmail up: the three daemons of one machine, started and watched by this command.
#include <unistd.h>

#include <array>
#include <utility>

#include "common/log/log.hpp"
#include "common/process/lock_file.hpp"
#include "deploy/cli/child_environment.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/supervisor.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr const char* kRelay = "hearthmail-relay";

struct Options {
  std::string bin_dir;
};

// Where this command itself lies.
Result<std::string> own_directory() {
  std::array<char, 4096> path{};
  const ssize_t octets = readlink("/proc/self/exe", path.data(), path.size());
  if (octets <= 0 || static_cast<std::size_t>(octets) == path.size()) {
    return Error{Errc::Unavailable, "/proc/self/exe cannot be read; name the daemons' directory with --bin-dir DIR"};
  }
  const std::string whole(path.data(), static_cast<std::size_t>(octets));
  return whole.substr(0, whole.rfind('/'));
}

Status set_up_log(const config::Settings& settings) {
  TRY_ASSIGN(const auto level, log::parse_level(settings.log_level));
  log::Format format = log::Format::Auto;
  if (settings.log_format == "json") format = log::Format::Json;
  if (settings.log_format == "human") format = log::Format::Human;
  log::setup("hearthmail", level, format);
  return base::ok();
}

// In the order of starting: whoever is handed mail comes first.
std::vector<Daemon> daemons(const Context& context, const std::string& bin_dir) {
  const auto secrets = relay_secrets(config::process_environment());
  std::vector<Daemon> out;
  for (const char* name : {"hearthmail-receiver", kRelay, "hearthmail-submission"}) {
    Daemon daemon;
    daemon.name = name;
    daemon.command.program = bin_dir + "/" + name;
    daemon.command.arguments = context.daemon_arguments();
    if (name != kRelay) daemon.command.unset = secrets;
    out.push_back(std::move(daemon));
  }
  return out;
}

Result<std::string> up(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  const auto& settings = loaded.settings;
  TRY(must_exist(accounts_directory(settings)));
  TRY(set_up_log(settings));
  TRY_ASSIGN(const auto lock, process::LockFile::acquire(settings.run_dir, "hearthmail-up"));
  std::string bin_dir = options.bin_dir;
  if (bin_dir.empty()) {
    TRY_ASSIGN(bin_dir, own_directory());
  }
  Supervisor supervisor(daemons(context, bin_dir), settings.run_dir);
  TRY(supervisor.run());
  return std::string{};
}

}  // namespace

void add_up(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  auto* command = add_command(app, context, "up", "Run the receiver, the relay and submission, and keep them running",
                              [&context, options] { return finish(up(context, *options)); });
  command->add_option("--bin-dir", options->bin_dir, "Where the daemons lie; default: beside this command")
      ->type_name("DIR");
  command->footer(
      "Stays in the foreground and logs to standard error. A daemon that ends by itself is started again, ever\n"
      "later; when one keeps failing, all are stopped and the exit code is 1. Ctrl-C or SIGTERM stops\n"
      "submission, relay and receiver in that order; a second one at once. SIGHUP is passed on; when the\n"
      "terminal is closed, all are stopped.\n"
      "Under systemd: Type=notify; READY=1 is told when all three are ready.\n"
      "Only the relay gets HEARTHMAIL_RELAY_..._PASSWORD and its relatives.\n\n"
      "Examples:\n"
      "  hearthmail up\n"
      "  HEARTHMAIL_RELAY_MAIN_PASSWORD_FILE=/run/secrets/relay hearthmail --config mail.toml up");
}

}  // namespace hearthmail::cli
