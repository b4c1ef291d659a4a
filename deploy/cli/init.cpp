// hearthmail init: sets up a data directory. Every step looks first and leaves alone what is there.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/clock.hpp"
#include "common/crypto/tls.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/config_file.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using config::Settings;
namespace accounts = store::accounts;

namespace {

constexpr int kCertificateDays = 3650;  // a self-signed one is trusted by nobody for its date
constexpr const char* kSystemFile = "/etc/hearthmail/hearthmail.toml";  // read by every program without --config
constexpr const char* kSystemData = "/var/lib/hearthmail";              // the default of data_dir

struct Options {
  std::string domain;
};

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Makes the directory and its missing parents; true when it was missing. Only the last one is kept from other users.
Result<bool> make_directory(const std::string& path) {
  if (exists(path)) return false;
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (!exists(parent) && mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST) {
      return Error{Errc::Unavailable, "cannot make directory " + parent + ": " + std::strerror(errno) +
                                          ".\nRun as root, or choose a directory of yours with --data-dir DIR."};
    }
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{Errc::Unavailable, "cannot make directory " + path + ": " + std::strerror(errno) +
                                        ".\nRun as root, or choose a directory of yours with --data-dir DIR."};
  }
  return true;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// One run of init: what it did, in lines.
class Setup {
 public:
  Setup(const Context& context, const Options& options) : context_(context), options_(options) {}

  Result<std::string> run() {
    TRY(load_settings());
    if (!options_.domain.empty()) TRY(accounts::normalize("postmaster@" + options_.domain));  // before anything is made
    TRY(make_tree());
    TRY(write_config());
    TRY(write_certificate());
    TRY(open_databases());
    say_next();
    return said_;
  }

 private:
  // A --config FILE (or $HEARTHMAIL_CONFIG) that is not there yet is what we will write.
  Status load_settings() {
    TRY_ASSIGN(auto inputs, context_.inputs(config::Role::Command));
    wanted_file_ = context_.config_file;
    const auto named = inputs.environment.find("HEARTHMAIL_CONFIG");
    if (wanted_file_.empty() && named != inputs.environment.end()) wanted_file_ = named->second;
    inputs.read_file = wanted_file_.empty() || exists(wanted_file_);
    TRY_ASSIGN(auto loaded, config::load(inputs));
    settings_ = std::move(loaded.settings);
    return base::ok();
  }

  void done(const std::string& what) { said_ += "made   " + what + "\n"; }
  void kept(const std::string& what) { said_ += "kept   " + what + "\n"; }
  void note(bool made, const std::string& what) { made ? done(what) : kept(what); }

  Status make_tree() {
    for (const std::string& directory :
         {settings_.data_dir, accounts_directory(settings_), mail_directory(settings_), queue_directory(settings_),
          settings_.data_dir + "/spool", settings_.run_dir}) {
      TRY_ASSIGN(const bool made, make_directory(directory));
      note(made, "directory " + directory);
    }
    return base::ok();
  }

  Status write_config() {
    if (!settings_.config_file.empty()) {
      kept("configuration " + settings_.config_file);
      return base::ok();
    }
    if (wanted_file_.empty()) {
      // The system's file is for the system's data: an instance of its own keeps its configuration beside its mail.
      const bool system = settings_.data_dir == kSystemData && access("/etc", W_OK) == 0;
      wanted_file_ = system ? kSystemFile : settings_.data_dir + "/hearthmail.toml";
    }
    if (exists(wanted_file_)) {  // there, but not read: only --config names it
      kept("configuration " + wanted_file_);
      return base::ok();
    }
    if (wanted_file_.find('/') != std::string::npos) TRY(make_directory(parent_of(wanted_file_)));
    TRY(write_new_file(wanted_file_, config_text(config::render_sample(), settings_)));
    done("configuration " + wanted_file_);
    return base::ok();
  }

  Status write_certificate() {
    const bool certificate = exists(settings_.tls_certificate);
    if (certificate != exists(settings_.tls_key)) {
      return Error{Errc::Invalid, "there is only one of " + settings_.tls_certificate + " and " + settings_.tls_key +
                                      ".\nPut the other one there, or remove both to get a self-signed pair."};
    }
    if (certificate) {
      kept("certificate " + settings_.tls_certificate);
      return base::ok();
    }
    for (const auto& file : {settings_.tls_certificate, settings_.tls_key}) TRY(make_directory(parent_of(file)));
    TRY(crypto::write_self_signed(settings_.tls_certificate, settings_.tls_key, settings_.hostname, kCertificateDays));
    done("certificate " + settings_.tls_certificate + " for " + settings_.hostname + ", self-signed");
    self_signed_ = true;
    return base::ok();
  }

  Status open_databases() {
    const bool had_databases =
        must_exist(accounts_directory(settings_)).ok() && must_exist(queue_directory(settings_)).ok();
    TRY_ASSIGN(const auto store, accounts::Store::open(accounts_directory(settings_)));
    TRY_ASSIGN(const auto queue, store::queue::Store::open(queue_directory(settings_)));
    note(!had_databases, "databases in " + accounts_directory(settings_) + " and " + queue_directory(settings_));
    if (!options_.domain.empty()) TRY(add_domain(*store));
    TRY(add_capture(*store));
    TRY_ASSIGN(const auto all,
               store->env().read([](const accounts::ReadTxn& txn) { return accounts::list_accounts(txn); }));
    has_accounts_ = !all.empty();
    return base::ok();
  }

  Status add_domain(accounts::Store& store) {
    const auto added =
        store.env().write([&](store::lmdb::WriteTxn& txn) { return accounts::add_domain(txn, options_.domain); });
    if (!added.ok() && added.error().code != Errc::Exists) return added.error();
    note(added.ok(), "domain " + options_.domain);
    return base::ok();
  }

  // The capture route keeps its mail in an account of that name; without a password until the operator gives it one.
  Status add_capture(accounts::Store& store) {
    bool captures = false;
    for (const auto& route : settings_.routes) captures = captures || route.url.starts_with("capture:");
    if (!captures || options_.domain.empty()) return base::ok();
    const std::string address = "capture@" + options_.domain;
    const auto now = base::Clock::system().now();
    const auto added =
        store.env().write([&](store::lmdb::WriteTxn& txn) { return accounts::add_account(txn, address, "", now); });
    if (!added.ok() && added.error().code != Errc::Exists) return added.error();
    note(added.ok(), "account " + address + " for the capture route");
    return base::ok();
  }

  // What makes the next commands see the same: nothing when they read the file anyway, and it names the data directory.
  std::string flags() const {
    if (!wanted_file_.empty() && wanted_file_ != kSystemFile) return " --config " + wanted_file_;
    return context_.data_dir.empty() ? "" : " --data-dir " + settings_.data_dir;
  }

  void say_next() {
    const std::string flag = flags();
    said_ += "\nNext:\n";
    if (options_.domain.empty() && !has_accounts_) said_ += "  hearthmail" + flag + " domain add your.domain\n";
    if (!has_accounts_) {
      said_ +=
          "  hearthmail" + flag + " user add you@" + (options_.domain.empty() ? "your.domain" : options_.domain) + "\n";
    }
    said_ += "  hearthmail" + flag + " config check\n";
    said_ += "  hearthmail" + flag + " up\n";
    if (settings_.hostname.find('.') == std::string::npos) {
      said_ +=
          "This machine calls itself " + settings_.hostname +
          ", which is no full name: set hostname (for example to mail.your.domain), as other servers expect one.\n";
    }
    if (self_signed_) {
      said_ += "Mail clients will not trust the self-signed certificate: put a real one into " +
               settings_.tls_certificate + " and " + settings_.tls_key + "; it is picked up without a restart.\n";
    }
    if (settings_.routes.empty()) {
      said_ +=
          "Outgoing mail waits in the queue until a route is set: relay.routes and relay.<route>.url\n"
          "(`hearthmail config reference`).\n";
    }
  }

  const Context& context_;
  const Options& options_;
  Settings settings_;
  std::string wanted_file_;
  std::string said_;
  bool self_signed_ = false;
  bool has_accounts_ = false;
};

}  // namespace

void add_init(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  auto* command = add_command(app, context, "init", "Set up a data directory; does nothing that is done already",
                              [&context, options] { return finish(Setup(context, *options).run()); });
  command->add_option("--domain", options->domain, "A domain whose mail is kept here");
  command->footer(
      "Makes the directories, a commented configuration file, a self-signed certificate and the databases,\n"
      "each only when it is missing. The configuration is /etc/hearthmail/hearthmail.toml for the default data\n"
      "directory, else hearthmail.toml in the data directory, or --config FILE. The certificate is for hostname.\n\n"
      "Examples:\n"
      "  sudo hearthmail init --domain example.org --set hostname=mail.example.org\n"
      "  hearthmail --data-dir ~/mail init --domain example.org");
}

}  // namespace hearthmail::cli
