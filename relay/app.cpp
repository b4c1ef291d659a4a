#include "relay/app.hpp"

#include <csignal>
#include <random>
#include <utility>

#include "common/config/load.hpp"
#include "common/log/log.hpp"
#include "common/process/notify.hpp"
#include "common/process/ready_file.hpp"
#include "common/smtp/client_dialer.hpp"
#include "relay/dsn/report.hpp"
#include "relay/http/http_carrier.hpp"
#include "relay/smtp/capture.hpp"
#include "relay/smtp/smtp_carrier.hpp"

namespace hearthmail::relay {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kCaptureLocalPart = "capture";
constexpr std::uint32_t kMostConnections = 100;  // of one route, whatever is configured

RouteKeys keys_of(const config::Route& route) {
  return {route.name, route.url, route.user, !route.password.empty(), route.auth, route.tls, route.endpoint};
}

smtp::Security security_of(RouteTls tls) {
  switch (tls) {
    case RouteTls::Implicit: return smtp::Security::Implicit;
    case RouteTls::StartTls: return smtp::Security::StartTls;
    case RouteTls::None: return smtp::Security::None;
  }
  return smtp::Security::Implicit;
}

// Numbers from 0 to 1 for the jitter of retries.
std::function<double()> make_chance() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

}  // namespace

App::App(const config::Settings& settings) : settings_(settings), wake_(loop_) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::create(const config::Settings& settings) {
  std::unique_ptr<App> app(new App(settings));
  TRY(app->open());
  return app;
}

Status App::open() {
  TRY_ASSIGN(accounts_, store::accounts::Store::open(settings_.data_dir + "/accounts"));
  TRY_ASSIGN(queue_, store::queue::Store::open(settings_.data_dir + "/queue"));
  std::vector<RunnerRoute> routes;
  for (const config::Route& route : settings_.routes) {
    TRY_ASSIGN(auto made, make_route(route));
    routes.push_back(std::move(made));
  }
  if (routes.empty()) {
    log::warning("no route is configured: mail to the outside waits in the queue",
                 {{"do", "set relay.routes, for example to a smarthost's smtps:// URL"}});
  }
  RunnerOptions options;
  options.hostname = settings_.hostname;
  options.queue_lifetime = settings_.queue_lifetime;
  options.delay_notice = settings_.delay_notice;
  options.in_doubt_hold = settings_.in_doubt_hold;
  runner_ = std::make_unique<Runner>(*queue_, *accounts_, base::Clock::system(), std::move(options), make_local(),
                                     std::move(routes), make_chance());
  queue_->env().on_failed([this](const Error& problem) {
    log::error("queue failed; stopping, so that it is opened and verified anew", {{"problem", problem.text}});
    loop_.post([this] {
      failed_ = true;
      stop();
    });
  });
  return base::ok();
}

// Our own receiver, by LMTP over its unix socket (RFC 2033).
std::unique_ptr<Carrier> App::make_local() {
  SmtpCarrierOptions options;
  options.route = dsn::kLocalRoute;
  options.client.hello = settings_.hostname;
  options.client.security = smtp::Security::None;
  options.client.lmtp = true;
  smtp::Target target;
  target.unix_path = settings_.lmtp_socket;
  auto dialer = smtp::make_dialer(loop_, std::move(target), nullptr);
  return std::make_unique<SmtpCarrier>(base::Clock::system(), std::move(dialer), std::move(options));
}

Result<RunnerRoute> App::make_route(const config::Route& route) {
  TRY_ASSIGN(const RouteSpec spec, parse_route(keys_of(route)));
  RunnerRoute made;
  made.name = route.name;
  made.max_recipients = std::max<std::uint32_t>(route.max_recipients, 1);
  made.connections = std::clamp<std::uint32_t>(route.connections, 1, kMostConnections);
  switch (spec.kind) {
    case RouteKind::Smtp: {
      TRY_ASSIGN(made.carrier, make_smtp(route, spec));
      break;
    }
    case RouteKind::Ses:
    case RouteKind::Mailgun: made.carrier = make_http(route, spec); break;
    case RouteKind::Capture: {
      TRY_ASSIGN(made.carrier, make_capture(route));
      break;
    }
  }
  return made;
}

Result<std::unique_ptr<Carrier>> App::make_smtp(const config::Route& route, const RouteSpec& spec) {
  SmtpCarrierOptions options;
  options.route = route.name;
  options.max_octets = route.max_octets;
  options.client.hello = settings_.hostname;
  options.client.security = security_of(spec.tls);
  options.client.user = route.user;
  options.client.password = route.password;
  options.client.auth = route.auth;
  const crypto::TlsClient* tls = nullptr;
  if (spec.tls == RouteTls::None) {
    log::warning("a route sends in clear to a loopback host", {{"route", route.name}, {"host", spec.host}});
  } else {
    auto client = crypto::TlsClient::create(route.ca_file);
    if (!client.ok()) return base::with_context("relay." + route.name + ".ca_file", client.error());
    tls_.push_back(std::move(*client));
    tls = tls_.back().get();
  }
  smtp::Target target;
  target.host = spec.host;
  target.port = spec.port;
  auto dialer = smtp::make_dialer(loop_, std::move(target), tls);
  return std::unique_ptr<Carrier>(
      std::make_unique<SmtpCarrier>(base::Clock::system(), std::move(dialer), std::move(options)));
}

std::unique_ptr<Carrier> App::make_http(const config::Route& route, const RouteSpec& spec) {
  ApiRoute api;
  api.base_url = spec.base_url;
  api.region = spec.region;
  api.domain = spec.domain;
  api.user = route.user;
  api.password = route.password;
  api.ca_file = route.ca_file;
  api.plain_allowed = spec.base_url.starts_with("http://");  // parse_route allows it for a loopback host only
  if (api.plain_allowed) log::warning("a route sends in clear to a loopback endpoint", {{"route", route.name}});
  auto provider = spec.kind == RouteKind::Ses ? make_ses(std::move(api)) : make_mailgun(std::move(api));
  return std::make_unique<HttpCarrier>(make_http_sender(loop_), std::move(provider), route.max_octets);
}

// relay.<name>.user, or capture@ the first of our domains.
Result<std::string> App::capture_account(const config::Route& route) const {
  if (!route.user.empty()) return route.user;
  TRY_ASSIGN(const auto domains,
             accounts_->env().read([](const store::lmdb::ReadTxn& txn) { return store::accounts::list_domains(txn); }));
  if (domains.empty()) {
    return Error{Errc::Invalid, "relay." + route.name + ".url: capture: needs a local domain; run `hearthmail init`"};
  }
  return std::string(kCaptureLocalPart) + "@" + domains.front().name;
}

Result<std::unique_ptr<Carrier>> App::make_capture(const config::Route& route) {
  TRY_ASSIGN(const std::string account, capture_account(route));
  log::warning("CAPTURE: outgoing mail is kept in a local mailbox and is NOT sent",
               {{"route", route.name}, {"account", account}});
  return std::unique_ptr<Carrier>(std::make_unique<CaptureCarrier>(make_local(), account));
}

base::Task<void> App::serve() {
  auto started = co_await runner_->start();
  if (!started.ok()) {
    log::error("the queue cannot be worked on", {{"problem", started.error().text}});
    failed_ = true;
  } else {
    const char* program = config::program_name(config::Role::Relay);
    const auto written = process::write_ready_file(settings_.run_dir, program, {});
    if (!written.ok()) log::warning("ready file cannot be written", {{"problem", written.error().text}});
    process::notify("READY=1");
    log::info("ready", {{"routes", settings_.routes.size()}});
    co_await runner_->serve(loop_, wake_);
  }
  doorbell_.reset();
  signals_.reset();
  loop_.stop();
}

void App::stop() {
  process::notify("STOPPING=1");
  runner_->stop();
}

bool App::run() {
  signals_ = std::make_unique<net::Signals>(loop_, [this](int signal) {
    if (signal == SIGHUP) log::info("SIGHUP: the routes' settings are read at start; restart to change them");
    else stop();
  });
  auto doorbell =
      net::Doorbell::open(loop_, settings_.run_dir + "/" + std::string(kDoorbellName), [this] { wake_.raise(); });
  if (doorbell.ok()) doorbell_ = std::move(*doorbell);
  else log::warning("no doorbell: new mail waits up to a minute", {{"problem", doorbell.error().text}});
  std::function<void()> look;
  net::Timer every_minute(loop_, [&look] { look(); });
  look = [this, &every_minute] {
    queue_->env().check_readers();
    accounts_->env().check_readers();
    every_minute.start(std::chrono::minutes(1));
  };
  loop_.post([this, &look] {
    look();
    base::spawn(serve());
  });
  loop_.run();
  process::remove_ready_file(settings_.run_dir, config::program_name(config::Role::Relay));
  return !failed_;
}

}  // namespace hearthmail::relay
