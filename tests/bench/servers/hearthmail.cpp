// Hearthmail as a user has it: init, users, then the daemons with their defaults.
#include <chrono>
#include <optional>

#include "tests/bench/servers/scratch.hpp"
#include "tests/bench/servers/servers.hpp"

namespace hearthmail::bench {

namespace {

using base::Status;

class Hearthmail : public Server {
 public:
  explicit Hearthmail(const Workshop& workshop)
      : root_(workshop.directory + "/hearthmail"), programs_(workshop.programs), users_(bench_users()) {
    settings_ = {{"HEARTHMAIL_HOSTNAME", "mail." + std::string(kDomain)},
                 {"HEARTHMAIL_DATA_DIR", data()},
                 {"HEARTHMAIL_LOG_LEVEL", "warning"},
                 {"HEARTHMAIL_LOGIN_IN_CLEAR", "loopback"},  // for the figures without TLS
                 {"HEARTHMAIL_TLS_CERTIFICATE", workshop.certificate},
                 {"HEARTHMAIL_TLS_KEY", workshop.key}};
    const auto port = [this](const std::string& key, Endpoint& endpoint) {
      endpoint.port = free_port();
      settings_.emplace_back("HEARTHMAIL_" + key, "127.0.0.1:" + port_name(endpoint.port));
    };
    port("SMTP_LISTEN", services_.smtp);
    port("IMAP_LISTEN", services_.imap);
    port("IMAP_LISTEN_TLS", services_.imaps);
    port("POP3_LISTEN", services_.pop3);
    port("SUBMISSION_LISTEN_TLS", services_.submission);
    services_.imaps.tls = true;
    services_.submission.tls = services_.submission.login = true;
    for (Endpoint* endpoint : {&services_.imap, &services_.imaps, &services_.submission})
      endpoint->certificate = workshop.certificate;
    services_.lmtp.path = data() + "/run/lmtp.sock";
    for (const char* off : {"POP3_LISTEN_TLS", "SUBMISSION_LISTEN"})
      settings_.emplace_back(std::string("HEARTHMAIL_") + off, "");
  }

  const std::string& name() const override { return name_; }
  const std::string& version() const override { return version_; }
  const Services& services() const override { return services_; }
  const std::vector<User>& users() const override { return users_; }

  Status start() override { return explained(start_daemons(), {root_ + "/log"}); }

  Status start_daemons() {
    if (version_.empty()) TRY(set_up());
    TRY(start_daemon(receiver_, "hearthmail-receiver"));
    TRY(wait_for_service(port_name(services_.imap.port), true, &*receiver_));
    TRY(wait_for_service(services_.lmtp.path, true, &*receiver_));
    TRY(start_daemon(submission_, "hearthmail-submission"));
    TRY(wait_for_service(port_name(services_.submission.port), false, &*submission_));
    if (next_hop_ && !held_) TRY(start_daemon(relay_, "hearthmail-relay"));
    return base::ok();
  }

  Status stop() override {
    for (auto* daemon : {&relay_, &submission_, &receiver_}) stop_daemon(*daemon);
    return base::ok();
  }

  Status clear() override {
    TRY(stop());
    for (const char* kept : {"/mail", "/queue", "/spool"}) TRY(remove_tree(data() + kept));
    return start();
  }

  std::vector<int> processes() const override {
    std::vector<int> all;
    for (const auto* daemon : {&receiver_, &submission_, &relay_}) {
      if (*daemon) all.push_back((*daemon)->pid());
    }
    return all;
  }

  base::Result<std::uint64_t> disk_octets() const override { return blocks_below(data() + "/mail"); }

  Status relay_to(const Endpoint& next_hop) override {
    next_hop_ = next_hop;
    return base::ok();
  }

  // The relay is a program of its own: while it does not run, the queue grows.
  Status hold_deliveries() override {
    held_ = true;
    stop_daemon(relay_);
    return base::ok();
  }

  Status release_deliveries() override {
    held_ = false;
    return start_daemon(relay_, "hearthmail-relay");
  }

 private:
  std::string data() const { return root_ + "/data"; }

  process::Command command(const std::string& program, std::vector<std::string> arguments) const {
    process::Command out;
    out.program = programs_ + "/" + program;
    out.arguments = std::move(arguments);
    out.unset = {"HEARTHMAIL_*", "RELAY_*", "DEFAULT_RELAY_HOST", "RELAYHOST*"};
    out.set = settings_;
    if (next_hop_) {
      const std::string host = "127.0.0.1:" + port_name(next_hop_->port);
      out.set.emplace_back("HEARTHMAIL_RELAY_ROUTES", "sink");
      out.set.emplace_back("HEARTHMAIL_RELAY_SINK_URL", (next_hop_->tls ? "smtps://" : "smtp://") + host);
      out.set.emplace_back("HEARTHMAIL_RELAY_SINK_AUTH", "none");
      out.set.emplace_back("HEARTHMAIL_RELAY_SINK_CONNECTIONS", "20");  // Postfix's default concurrency
      if (next_hop_->tls) out.set.emplace_back("HEARTHMAIL_RELAY_SINK_CA_FILE", next_hop_->certificate);
      else out.set.emplace_back("HEARTHMAIL_RELAY_SINK_TLS", "none");
    }
    return out;
  }

  Status set_up() {
    TRY(make_directory(root_));
    TRY_ASSIGN(const auto said, run(command("hearthmail", {"--version"})));
    TRY(run_command({"init", "--domain", std::string(kDomain)}, ""));
    for (const User& user : users_) TRY(run_command({"user", "add", user.address, "--password-stdin"}, user.password));
    version_ = first_line(said);
    return base::ok();
  }

  Status run_command(std::vector<std::string> arguments, const std::string& input) {
    TRY_ASSIGN([[maybe_unused]] const auto said, run(command("hearthmail", std::move(arguments)), input + "\n"));
    return base::ok();
  }

  Status start_daemon(std::optional<process::Child>& daemon, const std::string& program) {
    if (daemon) return base::ok();
    TRY_ASSIGN(auto child, run_in_background(command(program, {}), root_ + "/log"));
    daemon.emplace(std::move(child));
    return base::ok();
  }

  static void stop_daemon(std::optional<process::Child>& daemon) {
    if (daemon) daemon->stop(kServerDeadline);
    daemon.reset();
  }

  std::string name_ = "hearthmail";
  std::string root_, programs_, version_;
  std::vector<User> users_;
  std::vector<std::pair<std::string, std::string>> settings_;
  Services services_;
  std::optional<Endpoint> next_hop_;
  bool held_ = false;
  std::optional<process::Child> receiver_, submission_, relay_;
};

}  // namespace

std::unique_ptr<Server> make_hearthmail(const Workshop& workshop) { return std::make_unique<Hearthmail>(workshop); }

}  // namespace hearthmail::bench
