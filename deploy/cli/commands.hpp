// The groups of commands: each adds its subcommands, which set context.action when they are chosen. One file per group.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "deploy/cli/context.hpp"

namespace hearthmail::cli {

void add_init(CLI::App& app, Context& context);
void add_up(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_user(CLI::App& app, Context& context);
void add_share(CLI::App& app, Context& context);
void add_alias(CLI::App& app, Context& context);
void add_domain(CLI::App& app, Context& context);
void add_queue(CLI::App& app, Context& context);
void add_route(CLI::App& app, Context& context);
void add_config(CLI::App& app, Context& context);
void add_check(CLI::App& app, Context& context);

// A group ("user"): needs one of its subcommands.
inline CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& help, const std::string& footer) {
  CLI::App* group = app.add_subcommand(name, help);
  group->require_subcommand(1);
  group->footer(footer);
  return group;
}

// A command that runs `run` (a callable that returns an exit code).
template <class F>
CLI::App* add_command(CLI::App& parent, Context& context, const std::string& name, const std::string& help, F run) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->callback([&context, run] { context.action = run; });
  return command;
}

inline void add_json(CLI::App* command, Context& context) {
  command->add_flag("--json", context.json, "Print JSON for programs instead of text for people");
}

}  // namespace hearthmail::cli
