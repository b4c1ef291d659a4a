// Postfix 3.7 as an instance of its own: configuration, queue and data below the run's directory, started by root as
// Postfix wants it, its programs those of the package.
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "tests/bench/servers/dovecot.hpp"
#include "tests/bench/servers/scratch.hpp"

namespace hearthmail::bench {

namespace {

using base::Status;

// Limits and delays that protect a public server are lifted; nothing that makes it durable is touched: cleanup syncs the
// queue file before smtpd says 250.
constexpr std::string_view kMain = R"(
compatibility_level = 3.6
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.bench.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
local_transport = discard:
mynetworks = 127.0.0.0/8
biff = no
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_process_limit = 200
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
smtpd_client_event_limit_exceptions = static:all
in_flow_delay = 0
max_use = 10000
message_size_limit = 60000000
mailbox_size_limit = 0
queue_minfree = 0
smtputf8_enable = no
local_header_rewrite_clients =
message_drop_headers =
disable_mime_output_conversion = yes
)";

constexpr std::string_view kServices = R"(
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
)";

enum class Duty { Discard, IntoDovecot, Relay };

class Postfix : public Server {
 public:
  Postfix(const Workshop& workshop, Duty duty, std::string name)
      : name_(std::move(name)), root_(workshop.directory + "/" + name_), duty_(duty) {
    port_ = free_port();
    (duty_ == Duty::Relay ? services_.submission : services_.smtp).port = port_;
    if (duty_ == Duty::IntoDovecot) behind_.emplace(workshop, root_ + "-store");
    if (duty_ == Duty::IntoDovecot) services_.imaps = behind_->services().imaps;
    users_ = bench_users();
  }

  const std::string& name() const override { return name_; }
  const std::string& version() const override { return version_; }
  const Services& services() const override { return services_; }
  const std::vector<User>& users() const override { return users_; }

  Status start() override { return explained(start_all(), {root_ + "/output"}); }

  Status stop() override {
    if (master_) {
      const std::vector<int> before = process_tree(master_->pid());
      master_->stop(kServerDeadline);
      master_.reset();
      TRY(wait_for_end(before));
    }
    return behind_ ? behind_->stop() : base::ok();
  }

  Status clear() override {
    TRY(stop());
    TRY(remove_tree(root_ + "/queue"));
    if (behind_) TRY(behind_->clear());
    if (behind_) TRY(behind_->stop());
    return start();
  }

  std::vector<int> processes() const override {
    std::vector<int> all = master_ ? process_tree(master_->pid()) : std::vector<int>();
    if (!behind_) return all;
    const std::vector<int> more = behind_->processes();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  base::Result<std::uint64_t> disk_octets() const override {
    return behind_ ? behind_->disk_octets() : blocks_below(root_ + "/queue");
  }

  Status relay_to(const Endpoint& next_hop) override {
    next_hop_ = next_hop;
    return base::ok();
  }

  // Without its queue manager Postfix takes mail into the incoming queue and leaves it there.
  Status hold_deliveries() override {
    held_ = true;
    if (!master_) return base::ok();
    TRY(stop());
    return start();
  }

  Status release_deliveries() override {
    held_ = false;
    TRY(write_services());
    return control("reload");
  }

 private:
  Status start_all() {
    if (behind_) TRY(behind_->start());
    TRY(set_up());
    process::Command command;
    command.program = "/usr/sbin/postfix";
    command.arguments = {"-c", root_ + "/etc", "start-fg"};
    command.own_group = true;  // its master ends its children by their group
    TRY_ASSIGN(auto child, run_in_background(command, root_ + "/output"));
    master_.emplace(std::move(child));
    return wait_for_service(port_name(port_), true, &*master_);
  }

  std::string main_settings() const {
    std::string text(kMain);
    const auto set = [&text](const std::string& key, const std::string& value) { text += key + " = " + value + "\n"; };
    set("queue_directory", root_ + "/queue");
    set("data_directory", root_ + "/data");
    set("command_directory", "/usr/sbin");
    set("daemon_directory", "/usr/lib/postfix/sbin");
    set("meta_directory", "/etc/postfix");
    set("shlib_directory", "/usr/lib/postfix");
    if (duty_ != Duty::Relay) {
      set("virtual_mailbox_domains", std::string(kDomain));
      set("virtual_mailbox_maps", "static:there");
      set("virtual_transport", behind_ ? "lmtp:unix:" + behind_->services().lmtp.path : "discard:");
      set("smtpd_recipient_restrictions", "reject_unauth_destination");
    }
    if (duty_ == Duty::Relay) set("smtpd_relay_restrictions", "permit_mynetworks, reject");
    if (next_hop_) {
      set("relayhost", "[127.0.0.1]:" + port_name(next_hop_->port));
      set("smtp_connection_cache_on_demand", "yes");
      if (next_hop_->tls) {
        set("smtp_tls_wrappermode", "yes");
        set("smtp_tls_security_level", "encrypt");
        set("smtp_tls_connection_reuse", "yes");  // Postfix's own advice for many messages to one place
      }
    }
    return text;
  }

  Status write_services() {
    std::string text = "127.0.0.1:" + port_name(port_) + " inet n - n - - smtpd\n" + std::string(kServices).substr(1);
    text += "tlsproxy  unix  -       -       n       -       0       tlsproxy\n";
    if (!held_) text += "qmgr      unix  n       -       n       300     1       qmgr\n";
    return write_file(root_ + "/etc/master.cf", text);
  }

  Status set_up() {
    for (const char* part : {"", "/etc", "/queue", "/data"}) TRY(make_directory(root_ + part));
    TRY(give_to(root_ + "/data", "postfix", "postfix"));
    TRY(write_file(root_ + "/etc/main.cf", main_settings()));
    TRY(write_file(root_ + "/etc/dynamicmaps.cf", ""));
    TRY(write_services());
    if (!version_.empty()) return base::ok();
    process::Command ask;
    ask.program = "/usr/sbin/postconf";
    ask.arguments = {"-h", "-d", "mail_version"};
    TRY_ASSIGN(const auto said, run(ask));
    version_ = "Postfix " + first_line(said);
    return base::ok();
  }

  Status control(const std::string& verb) {
    process::Command command;
    command.program = "/usr/sbin/postfix";
    command.arguments = {"-c", root_ + "/etc", verb};
    TRY_ASSIGN([[maybe_unused]] const auto said, run(command));
    return base::ok();
  }

  std::string name_, root_;
  Duty duty_;
  std::string version_;
  std::uint16_t port_ = 0;
  std::vector<User> users_;
  Services services_;
  std::optional<Dovecot> behind_;  // where mail is delivered
  std::optional<Endpoint> next_hop_;
  bool held_ = false;
  std::optional<process::Child> master_;
};

}  // namespace

std::unique_ptr<Server> make_postfix_discard(const Workshop& workshop) {
  return std::make_unique<Postfix>(workshop, Duty::Discard, "postfix-discard");
}

std::unique_ptr<Server> make_postfix_dovecot(const Workshop& workshop) {
  return std::make_unique<Postfix>(workshop, Duty::IntoDovecot, "postfix-dovecot");
}

std::unique_ptr<Server> make_postfix_relay(const Workshop& workshop) {
  return std::make_unique<Postfix>(workshop, Duty::Relay, "postfix-relay");
}

}  // namespace hearthmail::bench
