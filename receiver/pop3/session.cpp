#include "receiver/pop3/session.hpp"

#include <utility>

#include "common/base/text.hpp"
#include "common/log/log.hpp"

namespace hearthmail::receiver::pop3 {

using base::Errc;
using base::Error;
using base::Status;
using base::Task;

Session::Session(net::Stream& stream, Services& services, Pause pause)
    : stream_(stream), services_(services), pause_(std::move(pause)), reader_(stream) {}

Task<void> Session::run() {
  stream_.set_timeout(kIdleTimeout);
  say_ok("Hearthmail ready");
  while (!over_) {
    co_await next_command();
  }
  co_await flush();
  lease_.reset();  // the client may come back as soon as it sees the connection end
  if (broken_) {
    stream_.close();
  } else {
    co_await stream_.shutdown();
  }
  if (state_ == State::Transaction) {
    log::info("pop3 session ended",
              {{"login", identity_.address}, {"peer", stream_.peer().address}, {"retrieved", retrieved_}});
  }
}

// Answers wait while more commands are here already (PIPELINING, RFC 2449 §6.6).
Task<void> Session::next_command() {
  const bool has_line = reader_.buffered().find('\n') != std::string_view::npos;
  if (!has_line || out_.size() >= kChunk) {
    co_await flush();
    if (over_) co_return;
  }
  const std::size_t limit = line_limit();
  auto line = co_await reader_.line(limit);
  if (line.ok()) {
    auto command = parse_command(*line);
    if (!command.ok()) {
      bad_command(command.error().text);
    } else if (!is_legal(command->verb, state_)) {
      bad_command(state_ == State::Authorization ? "Log in first" : "Not after login");
    } else {
      Command legal = std::move(*command);
      co_await execute(std::move(legal));
    }
    co_return;
  }
  switch (line.error().code) {
    case Errc::OverLimit: co_await on_long_line(); break;
    case Errc::Interrupted: break;
    default:
      // Gone, or silent for too long: close without a word and without deleting anything (RFC 1939 §3).
      over_ = true;
      broken_ = true;
  }
}

Task<void> Session::on_long_line() {
  bad_command("Line too long");
  const auto skipped = co_await reader_.skip_line();
  if (skipped.ok()) co_return;
  over_ = true;
  broken_ = true;
}

std::size_t Session::line_limit() const {
  return state_ == State::Authorization ? kMaxLineBeforeLogin : kMaxLineAfterLogin;
}

Task<void> Session::execute(Command command) {
  switch (command.verb) {
    case Verb::Auth: co_await auth(std::move(command)); break;
    case Verb::Capa: capabilities(); break;
    case Verb::Dele: dele(command); break;
    case Verb::List:
    case Verb::Uidl: co_await listing(std::move(command)); break;
    case Verb::Noop: say_ok("Still here"); break;
    case Verb::Pass: co_await pass(std::move(command)); break;
    case Verb::Quit: co_await quit(); break;
    case Verb::Retr:
    case Verb::Top: co_await retrieve(std::move(command)); break;
    case Verb::Rset: rset(); break;
    case Verb::Stat: stat(); break;
    case Verb::Stls: co_await start_tls(); break;
    case Verb::User: user(command); break;
    // RFC 6856 §2: messages and names may hold UTF-8 from now on. Ours always may: octets are sent as they came.
    case Verb::Utf8: say_ok("UTF-8 it is"); break;
  }
}

// RFC 2449 §5. USER and SASL are there only while they would work.
void Session::capabilities() {
  const bool can_log_in = state_ == State::Authorization && may_log_in();
  say_ok("Capabilities follow");
  out_ += "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n";
  if (can_log_in) {
    out_ += "USER\r\nSASL " + std::string(auth::ServerSasl::offered(!stream_.tls().exporter.empty())) + "\r\n";
  }
  if (state_ == State::Authorization && stream_.can_start_tls()) out_ += "STLS\r\n";
  out_ += "UTF8 USER\r\nIMPLEMENTATION Hearthmail\r\n.\r\n";
}

// RFC 1939 §6: what was marked is removed now, durably, before the answer.
Task<void> Session::quit() {
  over_ = true;
  const std::vector<base::Uid> uids = maildrop_.has_value() ? maildrop_->deleted() : std::vector<base::Uid>();
  if (uids.empty()) {
    say_ok("Goodbye");
    co_return;
  }
  const base::MailboxId mailbox = maildrop_->mailbox();
  const auto remove = [mailbox, &uids](store::mail::WriteTxn& txn) {
    return store::mail::expunge(txn, mailbox, uids, false);
  };
  auto removed = co_await services_.store.env().write_async(remove);
  if (!removed.ok()) {
    log::error("pop3 deletion failed", {{"login", identity_.address}, {"reason", removed.error().text}});
    say_error("[SYS/TEMP] Deleted messages were not removed");
    co_return;
  }
  log::info("pop3 deleted", {{"login", identity_.address}, {"messages", removed->size()}});
  say_ok("Goodbye, deleted messages are removed");
}

Task<void> Session::flush() {
  if (out_.empty() || broken_) co_return;
  const std::string octets = std::exchange(out_, {});
  const Status written = co_await stream_.write(octets);
  if (written.ok()) co_return;
  over_ = true;
  broken_ = true;
}

void Session::say_ok(std::string_view text) { out_.append("+OK ").append(text).append("\r\n"); }

void Session::say_error(std::string_view text) { out_.append("-ERR ").append(text).append("\r\n"); }

void Session::bad_command(std::string_view text) {
  say_error(text);
  const unsigned most = state_ == State::Authorization ? kMaxBadBeforeLogin : kMaxBadAfterLogin;
  if (++bad_commands_ < most) return;
  log::info("pop3 session ended: too many bad commands", {{"peer", stream_.peer().address}});
  over_ = true;
}

Task<void> serve_pop3(net::Loop& loop, std::unique_ptr<net::Stream> stream, Services& services) {
  const Pause on_loop = [&loop](std::chrono::milliseconds duration) { return loop.sleep(duration); };
  Session session(*stream, services, services.pause ? services.pause : on_loop);
  co_await session.run();
}

Task<void> serve_pop3(std::unique_ptr<net::Stream> stream, Services& services) {
  Session session(*stream, services, services.pause);
  co_await session.run();
}

}  // namespace hearthmail::receiver::pop3
