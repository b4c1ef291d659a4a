// hearthmail restore DIR: everything, the mail of one account or mailbox, or the queue.
#include <unistd.h>

#include <filesystem>

#include "common/base/clock.hpp"
#include "common/process/lock_file.hpp"
#include "deploy/cli/check_text.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/maintenance_commands.hpp"
#include "deploy/cli/text_table.hpp"
#include "store/maintenance/backup.hpp"
#include "store/maintenance/files.hpp"
#include "store/maintenance/restore.hpp"

namespace hearthmail::cli {

namespace accounts = store::accounts;
namespace maintenance = store::maintenance;
namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr const char* kFooter =
    "WHOLE (no --account, no --queue). The daemons must be stopped; the command says so when one runs. The backup is\n"
    "copied into data_dir/before-restore-TIME, checked, made fit, and exchanged with the databases; the databases\n"
    "that were there stay in before-restore-TIME and are never deleted. It takes the room of the backup once more.\n"
    "  UIDVALIDITY: every mailbox gets a new, greater one. UIDs that were given after the backup would otherwise be "
    "given\n"
    "  again to other messages, and mail programs that remember them would show wrong mail. So mail programs fetch "
    "their\n"
    "  lists anew, and a POP3 program that leaves mail on the server may fetch it again.\n"
    "  Queue: what was waiting to be sent comes back on hold, because it may have been delivered since the backup. "
    "Look at\n"
    "  `hearthmail queue list`, then `queue retry ID` or `queue delete ID`.\n"
    "  Mail that came after the backup is in before-restore-TIME. To add it: hearthmail restore that directory "
    "--account\n"
    "  ADDRESS, account by account.\n\n"
    "ONE ACCOUNT OR MAILBOX (--account, --mailbox). The daemons may run. Adds what is missing, as new messages with "
    "new\n"
    "UIDs, with their flags, labels and dates; removes nothing and changes no flag of what is there. UIDVALIDITY\n"
    "stays.\n"
    "  --mailbox: missing is a message that this mailbox does not have. Afterwards it has what it had then, and what "
    "came\n"
    "  since. Without it: missing is a message that no mailbox of the account has; what was moved stays where it is "
    "now.\n"
    "  A message that is there with damaged octets gets those of the backup and keeps its UID.\n"
    "  --into Restored puts everything below a mailbox of its own. --dry-run only says what would be added.\n"
    "  Mail programs that are connected see it with their next command.\n"
    "  The account must be there; for one that was removed: `hearthmail user add ADDRESS` first.\n\n"
    "QUEUE (--queue). Entries that the queue does not have any more, or has as damaged ones, come back on hold. They "
    "may have\n"
    "been delivered since.\n\n"
    "DIR is a backup or a data directory of another time. Configuration, TLS key and secrets are not touched.\n\n"
    "Examples:\n"
    "  hearthmail restore /backup/mail --account ben@example.org --mailbox Projects --dry-run\n"
    "  hearthmail restore /backup/mail --account ben@example.org --mailbox Projects\n"
    "  hearthmail restore /backup/mail                       # everything; stop the daemons first";

struct Options {
  std::string directory;
  std::string account;
  maintenance::PartOptions part;
  bool queue = false;
  bool no_verify = false;
};

// When the backup was made, in words.
std::string created(const std::string& directory) {
  const auto text = maintenance::read_file(directory + "/" + std::string(maintenance::kManifest));
  if (!text.ok()) return "an unknown time";
  const auto manifest = nlohmann::json::parse(*text, nullptr, false);
  return manifest.is_object() ? manifest.value("created", "an unknown time") : "an unknown time";
}

Status is_there(const std::string& directory) {
  for (const std::string name : maintenance::kEnvironments) {
    if (maintenance::exists(directory + "/" + name + "/data.mdb")) return base::ok();
  }
  return Error{Errc::NotFound, directory + " is no backup: it has none of accounts/, mail/, queue/"};
}

// ---- whole

// No daemon may run, nor be started, until the locks go.
Result<std::vector<process::LockFile>> stop_the_world(const config::Settings& settings) {
  std::vector<process::LockFile> locks;
  for (const char* daemon : {"hearthmail-receiver", "hearthmail-submission", "hearthmail-relay"}) {
    auto lock = process::LockFile::acquire(settings.data_dir, daemon);
    if (!lock.ok()) {
      if (lock.error().code != Errc::Exists) return lock.error();
      return Error{Errc::Exists, lock.error().text +
                                     ".\nStop the daemons first: end `hearthmail up`, or `systemctl stop hearthmail`."};
    }
    locks.push_back(std::move(*lock));
  }
  return locks;
}

Result<std::string> prepare(const config::Settings& settings, const Options& options, const std::string& staged,
                            maintenance::Adapted& adapted) {
  ProgressLine line;
  const auto progress = [&line](std::string_view name, std::uint64_t octets, std::uint64_t of) {
    line.show("copying " + std::string(name) + ": " + octets_in_words(octets) + " of " + octets_in_words(of));
  };
  TRY(maintenance::copy_environments(options.directory, staged, progress));
  std::string said;
  if (!options.no_verify) {
    maintenance::CheckOptions check;
    check.progress = [&line](const maintenance::Progress& at) {
      line.show("checking " + std::string(at.environment) + " " + std::string(at.table));
    };
    TRY_ASSIGN(const auto report, maintenance::check(staged, check));
    if (!report.ok()) said = report_in_words(report) + "The backup has these findings; it is restored as it is.\n";
  }
  TRY_ASSIGN(adapted, maintenance::adapt(staged, settings.data_dir, created(options.directory)));
  return said;
}

std::string safe_time() {
  std::string text = base::rfc3339(base::Clock::system().now());
  for (char& c : text) c = c == ':' ? '-' : c;
  return text;
}

Result<std::string> restore_whole(const config::Settings& settings, const Options& options) {
  if (options.part.dry_run)
    return Error{Errc::Invalid,
                 "--dry-run is for --account and --queue; `hearthmail check --data-dir DIR` looks at a backup"};
  TRY(maintenance::make_directory(settings.data_dir));
  TRY_ASSIGN(const auto locks, stop_the_world(settings));
  const std::string staged = settings.data_dir + "/before-restore-" + safe_time();
  maintenance::Adapted adapted;
  auto said = prepare(settings, options, staged, adapted);
  if (!said.ok()) {
    std::error_code ignored;
    fs::remove_all(staged, ignored);
    return said.error();
  }
  TRY(maintenance::replace(staged, settings.data_dir));
  std::string out = *said + "restored the backup of " + created(options.directory) + "\n";
  out +=
      std::to_string(adapted.mailboxes) + " mailboxes have a new UIDVALIDITY: mail programs fetch their lists anew\n";
  if (adapted.held > 0)
    out += std::to_string(adapted.held) +
           " queue entries are on hold, because they may have been delivered since: `hearthmail queue list`\n";
  if (!adapted.old_read)
    out += "the old databases were not there or could not be read; the counters were set far ahead\n";
  return out + "What was there before, with the mail that came after the backup, is in " + staged +
         "\nNow start the daemons.\n";
}

// ---- in part

Result<base::AccountId> account_in(accounts::Store& store, const std::string& address, const std::string& where,
                                   const std::string& hint) {
  TRY_ASSIGN(const auto account,
             store.env().read([&](const accounts::ReadTxn& txn) { return accounts::find_account(txn, address); }));
  if (!account) return Error{Errc::NotFound, where + " has no account " + address + hint};
  return account->id;
}

// The accounts that both have, by number in the backup and here: for access lists.
Result<std::map<base::AccountId, base::AccountId>> same_accounts(accounts::Store& kept, accounts::Store& live) {
  TRY_ASSIGN(const auto all, kept.env().read(accounts::list_accounts));
  std::map<base::AccountId, base::AccountId> same;
  for (const auto& account : all) {
    const auto find = [&](const accounts::ReadTxn& txn) { return accounts::find_account(txn, account.address); };
    TRY_ASSIGN(const auto here, live.env().read(find));
    if (here) same[account.id] = here->id;
  }
  return same;
}

std::string mailboxes_in_words(const std::vector<maintenance::RestoredMailbox>& all, bool dry_run) {
  TextTable table({"MAILBOX", "THERE", dry_run ? "WOULD BE ADDED" : "ADDED", dry_run ? "WOULD BE HEALED" : "HEALED",
                   "DAMAGED IN BACKUP"});
  for (const auto& one : all) {
    table.add({one.name + (one.made ? " (new)" : ""), std::to_string(one.present), std::to_string(one.added),
               std::to_string(one.healed), std::to_string(one.unreadable)});
  }
  return table.str();
}

Result<std::string> restore_account(const config::Settings& settings, const Options& options) {
  TRY_ASSIGN(const auto live, open_accounts(settings));
  TRY_ASSIGN(const auto to_id, account_in(*live, options.account, "this server",
                                          ".\nMake it first: hearthmail user add " + options.account));
  TRY_ASSIGN(const auto kept, accounts::Store::open(options.directory + "/accounts"));
  TRY_ASSIGN(const auto from_id, account_in(*kept, options.account, "the backup", ""));
  TRY_ASSIGN(const auto from, store::mail::Store::open(options.directory + "/mail"));
  TRY_ASSIGN(const auto to, store::mail::Store::open(mail_directory(settings)));
  ProgressLine line;
  std::uint64_t mailboxes = 0;
  const auto progress = [&](const maintenance::RestoredMailbox& one) {
    line.show("restored " + std::to_string(++mailboxes) + " mailboxes, last " + one.name);
  };
  maintenance::PartOptions part = options.part;
  TRY_ASSIGN(part.accounts, same_accounts(*kept, *live));
  TRY_ASSIGN(const auto all, maintenance::restore_mail({*from, from_id}, {*to, to_id}, part, progress));
  return mailboxes_in_words(all, options.part.dry_run);
}

Result<std::string> restore_queued(const config::Settings& settings, const Options& options) {
  TRY_ASSIGN(const auto from, store::queue::Store::open(options.directory + "/queue"));
  TRY_ASSIGN(const auto to, open_queue(settings));
  TRY_ASSIGN(const auto restored,
             maintenance::restore_queue(*from, *to, created(options.directory), options.part.dry_run));
  std::string out = std::to_string(restored.held.size()) +
                    (options.part.dry_run ? " entries would be brought back on hold" : " entries brought back on hold");
  out += ", " + std::to_string(restored.present) + " are there still, " + std::to_string(restored.unreadable) +
         " are damaged in the backup too\n";
  if (!restored.held.empty())
    out += "They may have been delivered since: `hearthmail queue list`, then `queue retry ID` or `queue delete ID`.\n";
  return out;
}

Result<std::string> restore(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY(is_there(options.directory));
  if (!options.account.empty()) return restore_account(loaded.settings, options);
  if (options.queue) return restore_queued(loaded.settings, options);
  return restore_whole(loaded.settings, options);
}

}  // namespace

void add_restore(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, context, "restore", "Bring back a backup: everything, or one account, mailbox, or the queue",
                  [&context, options] { return finish(restore(context, *options)); });
  command->add_option("DIR", options->directory, "The backup")->required();
  auto* account =
      command->add_option("--account", options->account, "Only the mail of this account")->type_name("ADDRESS");
  command->add_option("--mailbox", options->part.mailbox, "Only this mailbox of the account")
      ->type_name("NAME")
      ->needs(account);
  command->add_option("--into", options->part.into, "Put it below this mailbox")->type_name("NAME")->needs(account);
  command->add_flag("--queue", options->queue, "Only the queue; everything comes back on hold")->excludes(account);
  command->add_flag("--dry-run", options->part.dry_run, "Only say what would be done");
  command->add_flag("--no-verify", options->no_verify, "Do not check the backup before a whole restore");
  command->footer(kFooter);
}

}  // namespace hearthmail::cli
