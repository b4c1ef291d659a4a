// STLS (RFC 2595 §4), USER and PASS (RFC 1939 §7), AUTH (RFC 5034). Passwords are taken inside TLS only.
#include <utility>

#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "receiver/pop3/session.hpp"

namespace hearthmail::receiver::pop3 {

namespace mail = store::mail;
using base::Errc;
using base::Error;
using base::Status;
using base::Task;

Task<void> Session::start_tls() {
  if (!stream_.can_start_tls()) {
    bad_command(stream_.tls().active ? "TLS is active already" : "TLS cannot be started here");
    co_return;
  }
  say_ok("Begin TLS negotiation");
  co_await flush();
  if (over_) co_return;
  // What was pipelined behind STLS came in clear from anybody: it is never executed.
  reader_.discard();
  user_.clear();
  stream_.set_timeout(kHandshakeTimeout);
  const Status started = co_await stream_.start_tls();
  stream_.set_timeout(kIdleTimeout);
  reader_.discard();
  if (started.ok()) co_return;
  log::info("pop3 tls handshake failed", {{"peer", stream_.peer().address}, {"reason", started.error().text}});
  over_ = true;
  broken_ = true;
}

bool Session::may_log_in() const {
  if (stream_.tls().active) return true;
  return services_.clear_login_on_loopback && stream_.peer().on_loopback();
}

bool Session::refuse_in_clear() {
  if (may_log_in()) return false;
  say_error("Passwords are taken inside TLS only: use STLS first, or port 995");
  return true;
}

// Says nothing about whether the name exists (RFC 1939 §13).
void Session::user(const Command& command) {
  if (refuse_in_clear()) return;
  user_ = base::trim(command.argument);
  say_ok("Now the password");
}

Task<void> Session::pass(Command command) {
  if (refuse_in_clear()) co_return;
  base::Secret password(std::move(command.argument));
  if (user_.empty()) {
    bad_command("USER first");
    co_return;
  }
  auth::SaslStep step;
  step.login = std::exchange(user_, {});
  step.password = std::move(password);
  co_await log_in(std::move(step));
}

Task<void> Session::auth(Command command) {
  const std::string_view argument = command.argument;
  if (refuse_in_clear()) co_return;
  if (argument.empty()) {  // what clients older than CAPA ask
    say_ok("Mechanisms follow");
    for (const std::string_view name : base::split_words(auth::ServerSasl::offered(!stream_.tls().exporter.empty()))) {
      out_.append(name).append("\r\n");
    }
    out_ += ".\r\n";
    co_return;
  }
  const std::size_t blank = argument.find(' ');
  const auto find = [this](const std::string& name) { return services_.authenticator.scram_verifier(name); };
  auto sasl = auth::ServerSasl::start(argument.substr(0, blank), stream_.tls().exporter, find);
  if (!sasl.ok()) {
    bad_command("That mechanism is not offered");
    co_return;
  }
  std::optional<std::string_view> initial;
  if (blank != std::string_view::npos) initial = base::trim(argument.substr(blank));
  auto step = sasl->begin(initial);
  if (!step.ok()) {
    sasl_failed(step.error());
    co_return;
  }
  auth::ServerSasl& mechanism = *sasl;
  auth::SaslStep& last = *step;
  const bool complete = co_await exchange(mechanism, last);
  if (!complete) co_return;
  auth::SaslStep ended = std::move(last);
  co_await log_in(std::move(ended));
}

// Challenges and answers until `step` is done; false when it failed or the session is over.
Task<bool> Session::exchange(auth::ServerSasl& sasl, auth::SaslStep& step) {
  while (!step.done) {
    out_.append("+ ").append(step.challenge).append("\r\n");
    co_await flush();
    if (over_) co_return false;
    auto line = co_await reader_.line(auth::kMaxSaslLine);
    if (!line.ok()) {
      if (line.error().code == Errc::OverLimit) {
        co_await on_long_line();
      } else {
        over_ = true;
        broken_ = true;
      }
      co_return false;
    }
    auto next = sasl.next(*line);
    if (!next.ok()) {
      sasl_failed(next.error());
      co_return false;
    }
    step = std::move(*next);
  }
  co_return true;
}

void Session::sasl_failed(const Error& error) {
  bad_command(error.code == Errc::Denied ? "[AUTH] Nobody may act for somebody else"
                                         : "Authentication exchange failed");
}

Task<void> Session::log_in(auth::SaslStep step) {
  std::string peer = stream_.peer().address;
  auto attempt = co_await services_.authenticator.conclude(std::move(step), std::move(peer));
  if (attempt.delay.count() > 0) {
    const std::chrono::milliseconds delay = attempt.delay;
    co_await flush();
    co_await pause_(delay);
  }
  if (attempt.identity.ok()) {
    auth::Identity identity = std::move(*attempt.identity);
    co_await open_maildrop(std::move(identity));
  } else {
    const Error error = attempt.identity.error();
    co_await refuse_login(error);
  }
}

// RFC 3206 §4: [AUTH] is about the password, [SYS/TEMP] is not the client's fault.
Task<void> Session::refuse_login(const Error& error) {
  if (error.code == Errc::Denied) {
    log::info("pop3 login refused", {{"peer", stream_.peer().address}});
    say_error("[AUTH] Wrong name or password");
  } else {
    log::error("pop3 login failed", {{"peer", stream_.peer().address}, {"reason", error.text}});
    say_error("[SYS/TEMP] Login is not possible right now, try again later");
  }
  if (++login_failures_ >= kMaxLoginFailures) over_ = true;
  co_await flush();
}

Task<void> Session::open_maildrop(auth::Identity identity) {
  identity_ = std::move(identity);
  lease_.reset();
  auto lease = services_.maildrops.lock(identity_.account);
  if (!lease.has_value()) {
    say_error("[IN-USE] Another POP3 session has the maildrop open");
    co_return;
  }
  lease_.emplace(std::move(*lease));
  const Status loaded = co_await load_maildrop();
  if (!loaded.ok()) {
    log::error("pop3 maildrop failed", {{"login", identity_.address}, {"reason", loaded.error().text}});
    say_error("[SYS/TEMP] The maildrop cannot be opened right now, try again later");
    maildrop_.reset();
    lease_.reset();
    co_return;
  }
  state_ = State::Transaction;
  stream_.set_authenticated();
  bad_commands_ = 0;
  log::info("pop3 login",
            {{"login", identity_.address}, {"peer", stream_.peer().address}, {"messages", maildrop_->count()}});
  say_ok("Maildrop has " + std::to_string(maildrop_->count()) + " messages (" + std::to_string(maildrop_->octets()) +
         " octets)");
}

// An account that never got mail has no mailboxes yet: they are made now.
Task<Status> Session::load_maildrop() {
  const base::AccountId account = identity_.account;
  store::lmdb::Env& env = services_.store.env();
  const auto open = [account](const mail::ReadTxn& txn) { return Maildrop::open(txn, account); };
  auto drop = env.read(open);
  if (!drop.ok() && drop.error().code == Errc::NotFound) {
    const auto ensure = [account](mail::WriteTxn& txn) { return mail::ensure_account(txn, account); };
    const Status ensured = co_await env.write_async(ensure);
    if (!ensured.ok()) co_return ensured.error();
    drop = env.read(open);
  }
  if (!drop.ok()) co_return drop.error();
  maildrop_.emplace(std::move(*drop));
  const auto slice = [this](const mail::ReadTxn& txn) { return maildrop_->read_slice(txn); };
  for (;;) {
    const auto complete = env.read(slice);
    if (!complete.ok()) co_return complete.error();
    if (*complete) co_return base::ok();
  }
}

}  // namespace hearthmail::receiver::pop3
