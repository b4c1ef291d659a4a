// hearthmail backup DIR: a consistent, verified copy of the databases, made while the daemons work.
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

#include "common/base/clock.hpp"
#include "common/base/text.hpp"
#include "deploy/cli/check_text.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/maintenance_commands.hpp"
#include "store/maintenance/backup.hpp"
#include "store/maintenance/files.hpp"

namespace hearthmail::cli {

namespace maintenance = store::maintenance;
namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr int kManifestFormat = 1;
constexpr std::string_view kStaging = ".new-";     // with our pid, beside the backup
constexpr std::string_view kDamaged = ".damaged";  // a backup with findings goes there

constexpr const char* kFooter =
    "DIR holds the newest backup: accounts/, mail/, queue/ (one file each) and manifest.json. A new one is written "
    "beside\n"
    "it under another name, made durable, read back and checked like `hearthmail check` does, and only then takes its\n"
    "place in one step; the old one is removed after that. A backup that fails leaves the old one as it was. One that\n"
    "was written well but has findings (the store itself is damaged) is kept as DIR.damaged, and the exit code is "
    "1.\n\n"
    "It runs while the daemons do. Each database is copied as of one moment: queue first, then mail, then accounts, "
    "so\n"
    "that a mail on its way from the queue into a mailbox is in at least one of them. While a database is copied its "
    "file\n"
    "grows by what is written to it meanwhile; that room is used again afterwards. The copy takes the room of the\n"
    "databases' files.\n\n"
    "In it: all mail with flags and mailboxes, the queue, accounts with their password hashes (argon2id), aliases,\n"
    "domains. NOT in it: the configuration, the TLS key and certificate, passwords and keys of outgoing routes. Keep\n"
    "those yourself (usually /etc/hearthmail and data_dir/tls). The backup is as private as the mail: DIR has mode "
    "0700.\n\n"
    "Keep copies elsewhere too (rsync, borg, restic of DIR after this command). Bring back with `hearthmail "
    "restore`.\n\n"
    "Examples:\n"
    "  hearthmail backup /backup/mail\n"
    "  hearthmail backup /backup/mail-$(date +%u)      # one for each day of the week, from cron or a systemd timer";

struct Options {
  std::string directory;
  bool no_verify = false;
};

struct Made {
  std::vector<maintenance::CopiedEnvironment> copied;
  std::optional<maintenance::Report> report;  // of the copy
  base::UnixTime created = 0;
};

bool is_backup(const std::string& directory) {
  return maintenance::exists(directory + "/" + std::string(maintenance::kManifest));
}

// Only a backup, or an empty directory, is ever replaced.
Status may_replace(const std::string& directory) {
  std::error_code failed;
  if (!fs::exists(directory, failed) || is_backup(directory) || fs::is_empty(directory, failed)) return base::ok();
  return Error{Errc::Exists, directory + " holds something else than a backup; name another directory"};
}

// What a backup that was killed left behind.
void remove_leftovers(const std::string& directory) {
  std::error_code ignored;
  const fs::path path(directory);
  const std::string begin = path.filename().string() + std::string(kStaging);
  for (const auto& one : fs::directory_iterator(path.parent_path(), ignored)) {
    const std::string name = one.path().filename().string();
    if (!name.starts_with(begin)) continue;
    const auto pid = base::parse_u32(name.substr(begin.size()));
    const bool runs = pid && (kill(static_cast<pid_t>(*pid), 0) == 0 || errno == EPERM);
    if (pid && !runs) fs::remove_all(one.path(), ignored);
  }
}

nlohmann::ordered_json manifest(const Made& made) {
  nlohmann::ordered_json out{
      {"format", kManifestFormat}, {"program", HEARTHMAIL_VERSION}, {"created", base::rfc3339(made.created)}};
  out["verified"] = made.report.has_value();
  out["findings"] = made.report ? nlohmann::ordered_json(made.report->findings_total) : nlohmann::ordered_json(nullptr);
  for (const auto& one : made.copied) out["environments"][one.name] = {{"octets", one.octets}};
  if (made.report) {
    for (const auto& table : made.report->tables)
      out["environments"][table.environment]["records"][table.table] = table.records;
  }
  return out;
}

// Looks at the copy as `hearthmail check` would.
Status verify(const std::string& staging, Made& made, ProgressLine& line) {
  maintenance::CheckOptions options;
  options.progress = [&line](const maintenance::Progress& at) {
    line.show("verifying " + std::string(at.environment) + " " + std::string(at.table) + ": " +
              std::to_string(at.records) + " of " + std::to_string(at.expected));
  };
  TRY_ASSIGN(made.report, maintenance::check(staging, options));
  for (const std::string name : maintenance::kEnvironments) unlink((staging + "/" + name + "/lock.mdb").c_str());
  return base::ok();
}

Result<Made> make(const config::Settings& settings, const Options& options, const std::string& staging) {
  ProgressLine line;
  Made made;
  made.created = base::Clock::system().now();
  const auto progress = [&line](std::string_view name, std::uint64_t octets, std::uint64_t of) {
    line.show("copying " + std::string(name) + ": " + octets_in_words(octets) + " of " + octets_in_words(of));
  };
  TRY_ASSIGN(made.copied, maintenance::copy_environments(settings.data_dir, staging, progress));
  if (!options.no_verify) TRY(verify(staging, made, line));
  TRY(maintenance::write_durably(staging + "/" + std::string(maintenance::kManifest), json_text(manifest(made))));
  return made;
}

std::string made_in_words(const Made& made, const std::string& where) {
  std::string out;
  for (const auto& one : made.copied) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.2f s", one.seconds);
    out += one.name + ": " + octets_in_words(one.octets) + " in " + seconds + "\n";
  }
  out += made.report ? "read back and checked: " + octets_in_words(made.report->octets()) + "\n"
                     : "not verified (--no-verify)\n";
  return out + "backup of " + base::rfc3339(made.created) + " is in " + where +
         "\nNot in it: configuration, TLS key, secrets of outgoing routes.\n";
}

Result<std::string> backup(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY(must_exist(accounts_directory(loaded.settings)));
  std::string directory = fs::absolute(options.directory).lexically_normal().string();
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  TRY(may_replace(directory));
  std::error_code failed;
  fs::create_directories(fs::path(directory).parent_path(), failed);
  remove_leftovers(directory);
  const std::string staging = directory + std::string(kStaging) + std::to_string(getpid());
  auto made = make(loaded.settings, options, staging);
  if (!made.ok()) {
    fs::remove_all(staging, failed);
    return made.error();
  }
  const bool damaged = made->report && !made->report->ok();
  const std::string place = damaged ? directory + std::string(kDamaged) : directory;
  TRY(maintenance::exchange(staging, place));
  fs::remove_all(staging, failed);  // the one that was replaced
  if (!damaged) return made_in_words(*made, place);
  print(report_in_words(*made->report));
  return Error{Errc::Corrupt, "the copy has " + std::to_string(made->report->findings_total) +
                                  " findings (above), so the store itself has; it is kept in " + place +
                                  ".\nAn earlier backup in " + directory + " is as it was. Run `hearthmail check`."};
}

}  // namespace

void add_backup(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  auto* command = add_command(app, context, "backup", "Copy the databases into a directory, while everything runs",
                              [&context, options] { return finish(backup(context, *options)); });
  command->add_option("DIR", options->directory, "Where the backup is kept; a backup that is there is replaced")
      ->required();
  command->add_flag("--no-verify", options->no_verify, "Do not read the copy back");
  command->footer(kFooter);
}

}  // namespace hearthmail::cli
