// hearthmail check: is everything in the databases as it should be?
#include "store/maintenance/check.hpp"

#include "common/base/clock.hpp"
#include "deploy/cli/check_text.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "store/maintenance/repair.hpp"

namespace hearthmail::cli {

namespace maintenance = store::maintenance;
using base::Result;

namespace {

constexpr int kNotRun = 2;  // the check could not be made
constexpr int kRounds = 4;  // of repair: what one round drops may bring other findings to light

constexpr const char* kFooter =
    "Reads every record of the three databases and compares all that must fit together: checksums, the SHA-256 of\n"
    "every body, counts of mailboxes, references to bodies, names and mailboxes, the queue and its indexes, accounts\n"
    "and logins. Without --repair it writes nothing. It may run while the daemons do: it reads in snapshots of 0.3 s, "
    "and what changes\n"
    "meanwhile is looked at again, not reported.\n\n"
    "--repair puts right what follows from the rest: counts, indexes, names, summaries, references, counters. A "
    "record\n"
    "that cannot be read is written to data_dir/quarantine/TIME/ before it is taken out. It works through the same "
    "writer\n"
    "as the daemons and may run beside them. It does not touch damaged bodies, accounts and mailbox records: those "
    "come\n"
    "back with `hearthmail restore`. Make a backup first. Afterwards it checks again.\n\n"
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

Result<maintenance::Report> look(const config::Settings& settings) {
  TRY(must_exist(accounts_directory(settings)));
  ProgressLine line;
  maintenance::CheckOptions options;
  options.progress = [&line](const maintenance::Progress& at) {
    line.show("checking " + std::string(at.environment) + " " + std::string(at.table) + ": " +
              std::to_string(at.records) + " of " + std::to_string(at.expected));
  };
  return maintenance::check(settings.data_dir, options);
}

// Puts back what lies under a damaged key. What cannot be put back must not keep the rest from being mended, nor a file
// that cannot be opened at all (it is in the report already) the other files.
template <class Store>
Result<std::unique_ptr<Store>> unless_damaged(const std::string& directory) {
  if (!must_exist(directory).ok()) return std::unique_ptr<Store>();
  auto opened = Store::open(directory);
  if (opened.ok() || opened.error().code != base::Errc::Corrupt) return opened;
  opened = Store::open(directory, store::lmdb::Misplaced::Leave);
  if (opened.ok() || opened.error().code != base::Errc::Corrupt) return opened;
  return std::unique_ptr<Store>();
}

struct Stores {
  std::unique_ptr<store::accounts::Store> accounts;
  std::unique_ptr<store::mail::Store> mail;
  std::unique_ptr<store::queue::Store> queue;
};

Result<Stores> open_to_mend(const config::Settings& settings) {
  Stores stores;
  TRY_ASSIGN(stores.accounts, unless_damaged<store::accounts::Store>(accounts_directory(settings)));
  TRY_ASSIGN(stores.mail, unless_damaged<store::mail::Store>(mail_directory(settings)));
  TRY_ASSIGN(stores.queue, unless_damaged<store::queue::Store>(queue_directory(settings)));
  return stores;
}

// One round of repair. False: nothing more can be done.
Result<bool> mend(const config::Settings& settings, const maintenance::Report& report, const std::string& quarantine) {
  TRY_ASSIGN(const Stores stores, open_to_mend(settings));
  const auto say = [](const std::string& step) { std::fprintf(stderr, "%s\n", step.c_str()); };
  TRY_ASSIGN(const auto repaired, maintenance::repair({stores.accounts.get(), stores.mail.get(), stores.queue.get()},
                                                      report, quarantine, say));
  return repaired.done > 0;
}

Result<maintenance::Report> look_and_mend(const config::Settings& settings, bool repair) {
  const std::string quarantine = settings.data_dir + "/quarantine/" + base::rfc3339(base::Clock::system().now());
  // First, what lies under a damaged key goes back: the check would find it missing in one place and odd in the other.
  if (repair) TRY(open_to_mend(settings));
  TRY_ASSIGN(auto report, look(settings));
  for (int round = 0; repair && round < kRounds && !report.ok(); ++round) {
    TRY_ASSIGN(const bool done, mend(settings, report, quarantine));
    if (!done) break;
    TRY_ASSIGN(report, look(settings));
  }
  return report;
}

int run(const Context& context, bool repair) {
  const auto loaded = context.load();
  if (!loaded.ok()) {
    cli::report(loaded.error());
    return kNotRun;
  }
  const auto report = look_and_mend(loaded->settings, repair);
  if (!report.ok()) {
    cli::report(report.error());
    return kNotRun;
  }
  print(context.json ? json_text(report_json(*report)) : report_in_words(*report));
  return report->ok() ? kOk : kFailed;
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  const auto repair = std::make_shared<bool>(false);
  auto* command = add_command(app, context, "check", "Look at every record and checksum of the databases",
                              [&context, repair] { return run(context, *repair); });
  command->add_flag("--repair", *repair, "Put right what can be; what is dropped is written to a file first");
  command->footer(kFooter);
  add_json(command, context);
}

}  // namespace hearthmail::cli
