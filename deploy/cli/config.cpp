// hearthmail config check|reference|sample
#include "deploy/cli/commands.hpp"

namespace hearthmail::cli {

using base::Result;

namespace {

Result<std::string> check(const Context& context) {
  TRY_ASSIGN(const auto loaded, context.load(config::Role::Check));
  return config::render_check(loaded, context.json);
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  const auto markdown = std::make_shared<bool>(false);
  CLI::App* group =
      add_group(app, "config", "What is configured, and what can be",
                "Examples:\n"
                "  hearthmail config check --config ./hearthmail.toml\n"
                "  HEARTHMAIL_RELAY_ROUTES=main hearthmail config check\n\n"
                "A flag (--set key=value) is stronger than the environment, the environment than the file,\n"
                "the file than the default. check exits with 1 and names every problem when the daemons\n"
                "would refuse to start.");
  add_json(add_command(*group, context, "check", "Show the effective configuration and where every value came from",
                       [&context] { return finish(check(context)); }),
           context);
  const auto show_reference = [markdown] {
    print(config::render_reference(*markdown));
    return kOk;
  };
  add_command(*group, context, "reference", "Explain every key: type, unit, default, environment name", show_reference)
      ->add_flag("--markdown", *markdown, "As a table in Markdown");
  const auto show_sample = [] {
    print(config::render_sample());
    return kOk;
  };
  add_command(*group, context, "sample", "Print a commented configuration file with every key at its default",
              show_sample);
}

}  // namespace hearthmail::cli
