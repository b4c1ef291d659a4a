#include "tests/bench/servers/dovecot.hpp"

#include <chrono>
#include <utility>

#include "tests/bench/servers/scratch.hpp"

namespace hearthmail::bench {

namespace {

using base::Status;

constexpr const char* kMailUser = "nobody";  // owns the mail; Dovecot refuses root for that
constexpr const char* kMailGroup = "nogroup";

// What does not depend on where it runs. The limits are lifted; login processes serve many connections each
// (LoginProcess documentation: "high-performance mode"), imap and pop3 processes are used again instead of being forked
// anew per session; passwords are plain text, so that logging in costs no hash.
constexpr std::string_view kFixed = R"(
protocols = imap pop3 lmtp
listen = 127.0.0.1
first_valid_uid = 1
mail_fsync = optimized
disable_plaintext_auth = no
auth_mechanisms = plain
auth_cache_size = 16M
auth_verbose = no
ssl = yes
verbose_proctitle = no
login_greeting = Dovecot ready.
mail_max_userip_connections = 100000
default_process_limit = 5000
default_client_limit = 20000
default_vsz_limit = 0
namespace inbox {
  inbox = yes
}
service imap-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 10000
  vsz_limit = 0
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
    ssl = yes
  }
}
service pop3-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 10000
  inet_listener pop3 {
    port = @POP3@
  }
  inet_listener pop3s {
    port = 0
  }
}
service imap {
  service_count = 1000
  process_min_avail = 8
  process_limit = 5000
}
service pop3 {
  service_count = 1000
  process_min_avail = 8
  process_limit = 5000
}
service lmtp {
  process_min_avail = 8
  process_limit = 200
  unix_listener lmtp {
    mode = 0666
  }
}
service anvil {
  client_limit = 30000
}
service auth {
  client_limit = 30000
}
service stats {
  client_limit = 30000
}
)";

std::string replaced(std::string text, const std::string& mark, const std::string& value) {
  const auto at = text.find(mark);
  return at == std::string::npos ? text : text.replace(at, mark.size(), value);
}

}  // namespace

Dovecot::Dovecot(const Workshop& workshop, std::string directory)
    : root_(std::move(directory)), certificate_(workshop.certificate), key_(workshop.key), users_(bench_users()) {
  services_.imap.port = free_port();
  services_.imaps.port = free_port();
  services_.imaps.tls = true;
  services_.imap.certificate = services_.imaps.certificate = certificate_;
  services_.pop3.port = free_port();
  services_.lmtp.path = root_ + "/run/lmtp";
}

std::string Dovecot::configuration() const {
  std::string text = "base_dir = " + root_ + "/run\nstate_dir = " + root_ + "/state\nlog_path = " + root_ + "/log\n";
  text += "mail_home = " + root_ + "/home/%u\nmail_location = mdbox:~/mdbox\n";
  text += std::string("mail_uid = ") + kMailUser + "\nmail_gid = " + kMailGroup + "\n";
  text += "ssl_cert = <" + certificate_ + "\nssl_key = <" + key_ + "\n";
  text += "passdb {\n  driver = passwd-file\n  args = " + root_ + "/users\n}\n";
  text += "userdb {\n  driver = static\n  args = uid=" + std::string(kMailUser) + " gid=" + kMailGroup +
          " home=" + root_ + "/home/%u\n}\n";
  std::string fixed(kFixed);
  fixed = replaced(std::move(fixed), "@IMAP@", port_name(services_.imap.port));
  fixed = replaced(std::move(fixed), "@IMAPS@", port_name(services_.imaps.port));
  fixed = replaced(std::move(fixed), "@POP3@", port_name(services_.pop3.port));
  return text + fixed;
}

Status Dovecot::set_up() {
  TRY(make_directory(root_));
  std::string passwords;
  for (const User& user : users_) passwords += user.address + ":{PLAIN}" + user.password + "\n";
  TRY(write_file(root_ + "/users", passwords));
  TRY(write_file(root_ + "/dovecot.conf", configuration()));
  TRY(make_directory(root_ + "/home"));
  TRY(give_to(root_ + "/home", kMailUser, kMailGroup));
  process::Command ask;
  ask.program = "/usr/sbin/dovecot";
  ask.arguments = {"--version"};
  TRY_ASSIGN(const auto said, run(ask));
  version_ = "Dovecot " + first_line(said);
  return base::ok();
}

Status Dovecot::start() { return explained(start_master(), {root_ + "/output", root_ + "/log"}); }

Status Dovecot::start_master() {
  if (version_.empty()) TRY(set_up());
  process::Command command;
  command.program = "/usr/sbin/dovecot";
  command.arguments = {"-F", "-c", root_ + "/dovecot.conf"};
  TRY_ASSIGN(auto child, run_in_background(command, root_ + "/output"));
  master_.emplace(std::move(child));
  TRY(wait_for_service(port_name(services_.imap.port), true, &*master_));
  TRY(wait_for_service(port_name(services_.pop3.port), true, &*master_));
  return wait_for_service(services_.lmtp.path, true, &*master_);
}

// Dovecot's children end by themselves when the master does; the master waits for them.
Status Dovecot::stop() {
  if (!master_) return base::ok();
  const std::vector<int> before = processes();
  master_->stop(kServerDeadline);
  master_.reset();
  return wait_for_end(before);
}

Status Dovecot::clear() {
  TRY(stop());
  TRY(remove_tree(root_ + "/home"));
  TRY(make_directory(root_ + "/home"));
  TRY(give_to(root_ + "/home", kMailUser, kMailGroup));
  return start();
}

std::vector<int> Dovecot::processes() const {
  if (!master_) return {};
  return process_tree(master_->pid());
}

base::Result<std::uint64_t> Dovecot::disk_octets() const { return blocks_below(root_ + "/home"); }

std::unique_ptr<Server> make_dovecot(const Workshop& workshop) {
  return std::make_unique<Dovecot>(workshop, workshop.directory + "/dovecot");
}

}  // namespace hearthmail::bench
