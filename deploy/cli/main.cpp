// hearthmail: the operator's command. This file only builds the command line; each group of commands has its own.
#include <signal.h>

#include <exception>

#include "common/base/text.hpp"
#include "deploy/cli/maintenance_commands.hpp"

namespace {

using namespace hearthmail;

constexpr const char* kFooter =
    "A first server:\n"
    "  hearthmail --data-dir ~/mail init --domain example.org\n"
    "  hearthmail --config ~/mail/hearthmail.toml user add anna@example.org\n"
    "  hearthmail --config ~/mail/hearthmail.toml up\n\n"
    "Every group and command explains itself with --help. Exit codes: 0 done, 1 failed (standard error says why and "
    "what\n"
    "to do), 2 the command line is wrong. Passwords are never taken from the command line.\n";

void add_global_flags(CLI::App& app, cli::Context& context) {
  app.add_option("--config", context.config_file,
                 "Configuration file; default: $HEARTHMAIL_CONFIG, then /etc/hearthmail/hearthmail.toml")
      ->type_name("FILE");
  app.add_option("--data-dir", context.data_dir, "Where accounts, mail and queue are kept")->type_name("DIR");
  app.add_option("--set", context.sets, "Set one configuration key; may be given again")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  app.set_version_flag("--version", HEARTHMAIL_VERSION);
}

void add_commands(CLI::App& app, cli::Context& context) {
  cli::add_init(app, context);
  cli::add_up(app, context);
  cli::add_status(app, context);
  cli::add_user(app, context);
  cli::add_alias(app, context);
  cli::add_share(app, context);
  cli::add_domain(app, context);
  cli::add_queue(app, context);
  cli::add_route(app, context);
  cli::add_config(app, context);
  cli::add_check(app, context);
  cli::add_backup(app, context);
  cli::add_restore(app, context);
}

// "queue lst" -> the word that no command has, with the nearest one that there is; "queue": those that there are; any
// other fault in CLI11's words. Names the help that explains it.
std::string fault_in_words(CLI::App& app, const CLI::ParseError& error) {
  CLI::App* group = &app;
  std::string path = app.get_name();
  while (!group->get_subcommands().empty()) {
    group = group->get_subcommands().front();
    path += " " + group->get_name();
  }
  const std::string help = "\n`" + path + " --help` explains it.";
  const auto left = app.remaining(true);
  std::vector<std::string> names;
  for (const auto* command : group->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  if (names.empty() || (!left.empty() && left.front().starts_with('-'))) return error.what() + help;
  if (left.empty()) {
    const bool command_missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
    return command_missing ? path + " needs a command: " + base::join(names, ", ") + help : error.what() + help;
  }
  const auto meant = base::nearest(left.front(), names);
  return "there is no command \"" + base::printable(left.front(), 60) + "\"" +
         (meant ? "; did you mean " + *meant + "?" : "; there are: " + base::join(names, ", ") + help);
}

int run(int argc, char** argv) {
  cli::Context context;
  CLI::App app("Hearthmail: receives mail itself and sends it through a smarthost or mail API.", "hearthmail");
  app.require_subcommand(1);
  app.fallthrough();  // the global flags may stand after the command too
  app.footer(kFooter);
  add_global_flags(app, context);
  add_commands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;  // --help, --version
    if (asked) return app.exit(error);
    return cli::report_usage(fault_in_words(app, error));
  }
  return context.action ? context.action() : cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return cli::report({base::Errc::Internal, std::string("unexpected: ") + error.what()});
  }
}
