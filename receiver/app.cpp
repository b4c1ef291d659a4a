#include "receiver/app.hpp"

#include "common/log/log.hpp"
#include "common/process/daemon.hpp"
#include "common/process/disk_watch.hpp"
#include "receiver/lmtp/lmtp.hpp"
#include "receiver/smtp/smtp.hpp"

namespace hearthmail::receiver {
namespace {

constexpr const char* kImapRefusal = "* BYE [UNAVAILABLE] Too many connections, try again later\r\n";
constexpr const char* kPop3Refusal = "-ERR [SYS/TEMP] Too many connections, try again later\r\n";

}  // namespace

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

base::Result<base::Quota> App::quota_of(base::AccountId account) const {
  return accounts_->env().read(
      [&](const store::lmdb::ReadTxn& txn) { return store::accounts::quota_of(txn, account); });
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
  directory_ = std::make_unique<AccountDirectory>(*accounts_);
  TRY_ASSIGN(mail_, store::mail::Store::open(settings_.data_dir + "/mail"));
  disk_ = process::watch_disk(settings_, [this] { return mail_->env().reusable_octets().value_or(0); });
  const std::string spool = settings_.data_dir + "/spool";
  mail_->env().on_failed([this](const base::Error& problem) {
    log::error("mail store failed; stopping, so that it is opened and verified anew", {{"problem", problem.text}});
    store_failed_ = true;
    server_->stop();
  });
  const auto& clock = base::Clock::system();
  const auto limit = settings_.max_message_octets;
  delivery_ = std::make_unique<delivery::Delivery>(
      delivery::Services{workers_, *mail_, *accounts_, clock, settings_.hostname, spool, limit, disk_.get()});
  const bool clear_login = settings_.login_in_clear == "loopback";
  if (clear_login) log::warning("imap and pop3 take passwords in clear from this machine", {{"key", "login.in_clear"}});
  imap_.reset(new imap::Services{*mail_,
                                 authenticator_,
                                 workers_,
                                 clock,
                                 settings_.hostname,
                                 spool,
                                 limit,
                                 disk_.get(),
                                 clear_login,
                                 directory_.get(),
                                 [this](base::AccountId account) { return quota_of(account); },
                                 {settings_.imap_message_limit, settings_.imap_save_limit}});
  pop3_.reset(new pop3::Services{*mail_, authenticator_, maildrops_, clock, {}, clear_login});
  return base::ok();
}

base::Status App::listen() {
  const auto smtp_session = [this](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
    return smtp::serve_smtp(loop, std::move(stream), *delivery_);
  };
  const auto lmtp_session = [this](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
    return lmtp::serve_lmtp(loop, std::move(stream), *delivery_);
  };
  const auto imap_session = [this](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
    return imap::serve_imap(loop, std::move(stream), *imap_);
  };
  const auto pop3_session = [this](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
    return pop3::serve_pop3(loop, std::move(stream), *pop3_);
  };
  using net::TlsMode;
  const auto* tls = tls_.get();
  const auto none = net::Login::None;
  TRY(server_->listen(
      {"lmtp", {"unix:" + settings_.lmtp_socket}, TlsMode::None, nullptr, smtp::kTooManyConnections, none},
      lmtp_session));
  TRY(server_->listen({"smtp", settings_.smtp_listen, TlsMode::StartTls, tls, smtp::kTooManyConnections, none},
                      smtp_session));
  TRY(server_->listen({"imap", settings_.imap_listen, TlsMode::StartTls, tls, kImapRefusal}, imap_session));
  TRY(server_->listen({"imaps", settings_.imaps_listen, TlsMode::Implicit, tls, kImapRefusal}, imap_session));
  TRY(server_->listen({"pop3", settings_.pop3_listen, TlsMode::StartTls, tls, kPop3Refusal}, pop3_session));
  return server_->listen({"pop3s", settings_.pop3s_listen, TlsMode::Implicit, tls, kPop3Refusal}, pop3_session);
}

void App::every_minute() {
  mail_->env().check_readers();
  accounts_->env().check_readers();
  (void)disk_->check(0);  // also without mail the log says when it is over
}

bool App::run() {
  collector_ = std::make_unique<Collector>(
      *mail_, CollectorTimes{kGarbageGrace, kCollectionPause, settings_.queue_lifetime + kDeliveryMargin});
  process::serve_until_stopped(*server_, settings_, config::Role::Receiver, [this] { every_minute(); });
  return !store_failed_;
}

}  // namespace hearthmail::receiver
