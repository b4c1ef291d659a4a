// hearthmail check: is everything in the databases as it should be?
#include "store/maintenance/check.hpp"

#include "deploy/cli/check_text.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"

namespace hearthmail::cli {

namespace maintenance = store::maintenance;
using base::Result;

namespace {

constexpr int kNotRun = 2;  // the check could not be made

constexpr const char* kFooter =
    "Reads every record of the three databases and compares all that must fit together: checksums, the SHA-256 of\n"
    "every body, counts of mailboxes, references to bodies, names and mailboxes, the queue and its indexes, accounts\n"
    "and logins. It writes nothing. It may run while the daemons do: it reads in snapshots of 0.3 s, and what changes\n"
    "meanwhile is looked at again, not reported.\n\n"
    "Exit codes: 0 everything is as it should be, 1 there are findings, 2 the check could not be made.\n\n"
    "--json prints one object. Its members stay; later versions may add some:\n"
    "  ok              true when there is no finding\n"
    "  findings_total  how many there are; findings holds the first 10,000\n"
    "  findings        array of {problem, environment, table, key, what, meaning, do}; problem is one of a fixed set "
    "of\n"
    "                  words (\"body-damaged\"), key says where in words, do what to do next\n"
    "  tables          {environment: {table: {records, octets}}}: what was looked at\n"
    "  notes           array of texts: no damage, but worth knowing\n"
    "  octets, seconds what was read, and how long it took\n\n"
    "Examples:\n"
    "  hearthmail check\n"
    "  hearthmail check --json | jq -r '.findings[] | .key + \": \" + .what'";

Result<maintenance::Report> look(const Context& context) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY(must_exist(accounts_directory(loaded.settings)));
  ProgressLine line;
  maintenance::CheckOptions options;
  options.progress = [&line](const maintenance::Progress& at) {
    line.show("checking " + std::string(at.environment) + " " + std::string(at.table) + ": " +
              std::to_string(at.records) + " of " + std::to_string(at.expected));
  };
  return maintenance::check(loaded.settings.data_dir, options);
}

int run(const Context& context) {
  const auto report = look(context);
  if (!report.ok()) {
    cli::report(report.error());
    return kNotRun;
  }
  print(context.json ? json_text(report_json(*report)) : report_in_words(*report));
  return report->ok() ? kOk : kFailed;
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  auto* command = add_command(app, context, "check", "Look at every record and checksum of the databases",
                              [&context] { return run(context); });
  command->footer(kFooter);
  add_json(command, context);
}

}  // namespace hearthmail::cli
