#include "relay/submission/app.hpp"

#include "common/log/log.hpp"
#include "common/process/daemon.hpp"
#include "common/process/disk_watch.hpp"

namespace hearthmail::relay::submission {

App::App(const config::Settings& settings)
    : settings_(settings),
      workers_(settings.workers),
      authenticator_(
          workers_, [this](std::string_view login) { return find_credential(login); }, base::Clock::system()) {}

base::Result<std::optional<auth::Credential>> App::find_credential(std::string_view login) const {
  const auto find = [&](const store::lmdb::ReadTxn& txn) { return store::accounts::find_account(txn, login); };
  TRY_ASSIGN(const auto account, accounts_->env().read(find));
  if (!account) return std::optional<auth::Credential>();
  return std::optional(
      auth::Credential{account->id, account->address, account->credential, account->disabled, account->scram});
}

base::Result<std::unique_ptr<App>> App::create(const config::Settings& settings) {
  std::unique_ptr<App> app(new App(settings));
  TRY(app->open());
  return app;
}

base::Status App::open() {
  server_ = std::make_unique<net::Server>(settings_.loops);
  TRY_ASSIGN(tls_, crypto::TlsServer::load(settings_.tls_certificate, settings_.tls_key));
  TRY_ASSIGN(accounts_, store::accounts::Store::open(settings_.data_dir + "/accounts"));
  TRY_ASSIGN(const auto secret, store::accounts::unknown_login_secret(accounts_->env()));
  authenticator_.make_up_from(secret);
  TRY_ASSIGN(queue_, store::queue::Store::open(settings_.data_dir + "/queue"));
  disk_ = process::watch_disk(settings_, [this] { return queue_->env().reusable_octets().value_or(0); });
  services_.reset(new Services{workers_, authenticator_, *accounts_, *queue_, base::Clock::system(), settings_.hostname,
                               settings_.data_dir + "/spool", settings_.run_dir + "/relay.bell",
                               settings_.max_message_octets, disk_.get()});
  queue_->env().on_failed([this](const base::Error& problem) {
    log::error("queue failed; stopping, so that it is opened and verified anew", {{"problem", problem.text}});
    store_failed_ = true;
    server_->stop();
  });
  return base::ok();
}

base::Status App::listen() {
  const auto starttls = [this](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
    return serve_submission(loop, std::move(stream), *services_, "submission");
  };
  const auto implicit = [this](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
    return serve_submission(loop, std::move(stream), *services_, "submissions");
  };
  using net::TlsMode;
  const auto* tls = tls_.get();
  TRY(server_->listen({"submission", settings_.submission_listen, TlsMode::StartTls, tls, kTooManyConnections},
                      starttls));
  return server_->listen({"submissions", settings_.submissions_listen, TlsMode::Implicit, tls, kTooManyConnections},
                         implicit);
}

void App::every_minute() {
  queue_->env().check_readers();
  accounts_->env().check_readers();
  (void)disk_->check(0);  // also without mail the log says when it is over
}

bool App::run() {
  process::serve_until_stopped(*server_, settings_, config::Role::Submission, [this] { every_minute(); });
  return !store_failed_;
}

}  // namespace hearthmail::relay::submission
