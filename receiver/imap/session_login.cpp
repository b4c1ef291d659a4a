// STARTTLS, LOGIN and AUTHENTICATE: RFC 9051 §6.2; UNAUTHENTICATE: RFC 8437. Passwords are taken inside TLS only.
#include <utility>

#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/reply.hpp"
#include "receiver/imap/session.hpp"

namespace hearthmail::receiver::imap {

using base::Errc;

base::Task<void> Session::start_tls(parse::Command command) {
  if (!connection_.can_start_tls()) {
    bad(command.tag, "", "TLS cannot be started here");
    co_return;
  }
  put_tagged(connection_.out, command.tag, "OK", "", "Begin TLS negotiation now");
  co_await flush();
  if (over_) co_return;
  // What was pipelined behind STARTTLS came in clear from anybody: it is never executed (RFC 9051 §6.2.1).
  framer_.discard_input();
  stream_->set_timeout(kLoginTimeout);
  const auto started = co_await stream_->start_tls();
  if (!started.ok()) {
    log::info("imap tls handshake failed", {{"peer", stream_->peer().address}, {"reason", started.error().text}});
    over_ = true;
    broken_ = true;
    co_return;
  }
  connection_.tls_started();
  connection_.binds_channel(!stream_->tls().exporter.empty());
}

bool Session::refuse_in_clear(const parse::Command& command) {
  if (connection_.may_log_in()) return false;
  put_tagged(connection_.out, command.tag, "NO", "PRIVACYREQUIRED", "Passwords are taken inside TLS only");
  return true;
}

base::Task<void> Session::login(parse::Command command) {
  if (refuse_in_clear(command)) co_return;
  auto& args = std::get<parse::LoginArgs>(command.args);
  auth::SaslStep step;
  step.login = std::move(args.user);
  step.password = std::move(args.password);
  co_await log_in(std::move(command), std::move(step));
}

base::Task<void> Session::authenticate(parse::Command command) {
  if (refuse_in_clear(command)) co_return;
  const auto& args = std::get<parse::AuthenticateArgs>(command.args);
  const auto find = [this](const std::string& name) { return services_.authenticator.scram_verifier(name); };
  auto sasl = auth::ServerSasl::start(args.mechanism, stream_->tls().exporter, find);
  if (!sasl.ok()) {
    put_tagged(connection_.out, command.tag, "NO", "CANNOT", "That mechanism is not offered");
    co_return;
  }
  std::optional<std::string_view> initial;
  if (args.initial.has_value()) initial = args.initial->reveal();
  auto step = sasl->begin(initial);
  bool asked = false;  // the last answer came as a line of its own
  while (step.ok() && !step->done) {
    asked = true;
    connection_.out += "+ " + step->challenge + "\r\n";
    const auto line = co_await next_line(command);
    if (!line.has_value()) co_return;
    step = sasl->next(*line);
  }
  if (!step.ok() && step.error().code == Errc::Denied) {
    put_tagged(connection_.out, command.tag, "NO", "AUTHORIZATIONFAILED", "Nobody acts for others here");
    co_return;
  }
  if (!step.ok()) {
    bad(command.tag, "", "Authentication cancelled or malformed");
    if (asked) framer_.refuse_line();
    co_return;
  }
  auth::SaslStep last = std::move(*step);
  co_await log_in(std::move(command), std::move(last));
}

base::Task<std::optional<std::string>> Session::next_line(const parse::Command& command) {
  while (!over_) {
    const FramerEvent event = framer_.next_line();
    if (event.kind == FramerEvent::Kind::Line) {
      std::optional<std::string> line(event.text);
      co_return line;
    }
    if (event.kind == FramerEvent::Kind::NeedInput) {
      co_await read_more();
    } else {
      bad(command.tag, "TOOBIG", event.text);
      break;
    }
  }
  co_return std::nullopt;
}

// RFC 8437 §2: as after the greeting, whatever was enabled or selected. The time to log in begins anew.
void Session::unauthenticate(const parse::Command& command) {
  log::info("imap unauthenticate", {{"user", connection_.user()}, {"peer", stream_->peer().address}});
  connection_.unauthenticated();
  framer_.set_limits(FramerLimits::before_login());
  began_ = services_.clock.steady();
  put_tagged(connection_.out, command.tag, "OK", "CAPABILITY " + cmd::capability_list(connection_), "Logged out");
}

base::Task<void> Session::log_in(parse::Command command, auth::SaslStep step) {
  const std::string peer = stream_->peer().address;
  const std::string name = base::printable(step.login, 100);
  auth::Authenticator& authenticator = services_.authenticator;
  auto attempt = co_await authenticator.conclude(std::move(step), peer);
  base::Status status;
  if (attempt.identity.ok()) {
    const base::AccountId account = attempt.identity->account;
    status = co_await open_account(account);
  } else {
    const auto delay = attempt.delay;
    status = attempt.identity.error();
    log::info("imap login refused", {{"user", name}, {"peer", peer}, {"reason", base::name(status.error().code)}});
    co_await pause_(delay);
  }
  if (status.ok()) {
    connection_.authenticated(*attempt.identity);
    stream_->set_authenticated();
    framer_.set_limits(FramerLimits::after_login(services_.max_message_octets));
    connection_.completion = {"OK", "CAPABILITY " + cmd::capability_list(connection_), "Logged in"};
    log::info("imap login", {{"user", connection_.user()}, {"peer", peer}, {"tls", stream_->tls().version}});
  }
  co_await complete(command, status);
}

// The account's first use makes its mailboxes.
base::Task<base::Status> Session::open_account(base::AccountId account) {
  store::lmdb::Env& env = connection_.env();
  const auto known = env.read([account](const store::mail::ReadTxn& txn) -> base::Result<bool> {
    return store::mail::has_account(txn, account);
  });
  if (!known.ok()) co_return known.error();
  if (*known) co_return base::ok();
  const auto make = [account](store::mail::WriteTxn& txn) { return store::mail::ensure_account(txn, account); };
  auto made = co_await env.write_async(make);
  co_return made;
}

}  // namespace hearthmail::receiver::imap
