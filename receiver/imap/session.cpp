#include "receiver/imap/session.hpp"

#include <algorithm>
#include <utility>

#include "common/base/executor.hpp"
#include "common/base/sync_point.hpp"
#include "common/log/log.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/reply.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap {
namespace {

using base::Errc;
using Kind = FramerEvent::Kind;

// Lets the loop's other sessions have their turn.
struct Yield {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) const {
    base::Executor* home = base::Executor::current();
    if (home == nullptr) return false;
    home->post([caller] { caller.resume(); });
    return true;
  }
  void await_resume() const noexcept {}
};

MaySendExpunge may_send_expunge(const parse::Command& command) {
  switch (rule_for(command.verb).expunge) {
    case Expunge::Never: return MaySendExpunge::No;
    case Expunge::WithUid: return command.uid ? MaySendExpunge::Yes : MaySendExpunge::No;
    case Expunge::Always: return MaySendExpunge::Yes;
  }
  return MaySendExpunge::No;
}

// Of the commands that change what is kept.
void reached_before_reply(parse::Verb verb) {
  if (verb == parse::Verb::Append) base::sync_point("append-before-reply");
  if (verb == parse::Verb::Store) base::sync_point("store-before-reply");
  if (verb == parse::Verb::Expunge) base::sync_point("expunge-before-reply");
  if (verb == parse::Verb::Copy) base::sync_point("copy-before-reply");
  if (verb == parse::Verb::Move) base::sync_point("move-before-reply");
}

// Commands that speak of messages by number unless UID stands before them.
bool uses_numbers(const parse::Head& head) {
  if (head.uid) return false;
  return rule_for(head.verb).expunge == Expunge::WithUid || head.verb == parse::Verb::Copy ||
         head.verb == parse::Verb::Move;
}

std::string full_name(const parse::Command& command) {
  return (command.uid ? "UID " : "") + std::string(parse::name(command.verb));
}

}  // namespace

Session::Session(net::Stream& stream, const Services& services, Pause pause)
    : stream_(&stream),
      services_(services),
      pause_(std::move(pause)),
      framer_(FramerLimits::before_login()),
      connection_(services, stream.tls().active, stream.can_start_tls()),
      began_(services.clock.steady()) {
  connection_.binds_channel(!stream.tls().exporter.empty());
  if (services.clear_login_on_loopback && stream.peer().on_loopback()) connection_.allow_clear_login();
  connection_.wake = [this] { stream_->interrupt(); };
}

base::Task<void> Session::run() {
  greet();
  while (!over_) {
    const FramerEvent event = framer_.next();
    co_await on_event(event);
  }
  co_await hang_up();
}

void Session::greet() {
  connection_.out +=
      "* OK [CAPABILITY " + cmd::capability_list(connection_) + "] " + services_.hostname + " Hearthmail ready\r\n";
}

base::Task<void> Session::on_event(FramerEvent event) {
  switch (event.kind) {
    case Kind::NeedInput:
      co_await tell_events();
      if (!over_) {
        co_await read_more();
      }
      break;
    case Kind::Continue:
      connection_.out += "+ OK\r\n";
      co_await flush();
      break;
    case Kind::Command: {
      std::string text(event.text);
      co_await on_command(std::move(text));
      break;
    }
    case Kind::AppendLiteral: co_await append(event); break;
    case Kind::Line:
    case Kind::AppendData:
    case Kind::AppendEnd:
    case Kind::Refused:
    case Kind::TooBig:
    case Kind::Bad:
    case Kind::Fatal: on_rejected(event); break;
  }
}

void Session::on_rejected(const FramerEvent& event) {
  if (event.kind == Kind::Fatal) {
    bye(event.text);
  } else if (event.append && connection_.state() == kNotAuthenticated) {
    bad(event.tag, "", "Not possible in this state");
  } else if (event.kind == Kind::TooBig && event.append) {
    put_tagged(connection_.out, event.tag, "NO", "TOOBIG", event.text);
  } else {
    bad(event.tag, event.kind == Kind::TooBig ? "TOOBIG" : "", event.text);
  }
}

base::Task<void> Session::on_command(std::string text) {
  parse::Cursor in(text, connection_.enabled().utf8);
  auto head = parse::parse_head(in);
  if (!head.ok()) {
    const std::string tag = parse::tag_of(text);
    bad(tag, "", head.error().text);
    co_return;
  }
  const Rule& rule = rule_for(head->verb);
  if ((rule.states & connection_.state()) == 0) {
    bad(head->tag, "", "Not possible in this state");
    co_return;
  }
  if (connection_.enabled().uid_only && uses_numbers(*head)) {
    bad(head->tag, "UIDREQUIRED", "Message numbers are not used after ENABLE UIDONLY");  // RFC 9586 §3.2
    co_return;
  }
  if (head->verb == parse::Verb::Append || head->verb == parse::Verb::Replace) {
    FramerEvent whole;
    whole.kind = Kind::AppendEnd;
    whole.text = text;
    co_await append(whole);
    co_return;
  }
  auto args = parse::parse_args(in, *head);
  if (!args.ok()) {
    bad(head->tag, "", args.error().text);
    co_return;
  }
  parse::Command command;
  command.tag = head->tag;
  command.verb = head->verb;
  command.uid = head->uid;
  command.args = std::move(*args);
  co_await execute(rule, std::move(command));
}

base::Task<void> Session::execute(const Rule& rule, parse::Command command) {
  connection_.completion = {};
  connection_.limited_to = {};
  connection_.tag = command.tag;
  if (!renew()) {
    mailbox_lost();
    co_return;
  }
  if (rule.runs == Runs::Dialog) {
    co_await converse(std::move(command));
    co_return;
  }
  base::Status status;
  if (rule.runs == Runs::Inline) {
    status = rule.answer(connection_, command);
  } else {
    auto started = rule.start(connection_, command);
    if (started.ok()) {
      Operation& operation = **started;
      status = co_await run_operation(operation);
    } else {
      status = started.error();
    }
  }
  co_await complete(command, status);
}

base::Task<void> Session::converse(parse::Command command) {
  switch (command.verb) {
    case parse::Verb::StartTls: co_await start_tls(std::move(command)); break;
    case parse::Verb::Login: co_await login(std::move(command)); break;
    case parse::Verb::Authenticate: co_await authenticate(std::move(command)); break;
    case parse::Verb::Idle: co_await idle(std::move(command)); break;
    case parse::Verb::Compress: co_await compress(std::move(command)); break;
    case parse::Verb::Unauthenticate: unauthenticate(command); break;
    case parse::Verb::Logout:
      bye("Logging out");
      put_tagged(connection_.out, command.tag, "OK", "", "LOGOUT completed");
      break;
    default: bad(command.tag, "", "Incomplete command"); break;  // APPEND without a message
  }
}

// RFC 9585: a client that waits long is told how far its command is.
void Session::put_progress(const Operation& operation, std::chrono::steady_clock::time_point& told) {
  const auto now = services_.clock.steady();
  const auto progress = operation.progress();
  if (!progress.has_value() || now - told < kProgressInterval) return;
  told = now;
  std::string& out = connection_.out;
  out += "* OK [INPROGRESS (";
  text::append_string(out, connection_.tag, false);
  out += progress->done == 0 ? " NIL " : " " + std::to_string(progress->done) + " ";
  out += progress->total == 0 ? "NIL" : std::to_string(progress->total);
  out += ")] Still working\r\n";
}

base::Task<base::Status> Session::run_operation(Operation& operation) {
  auto turn = std::chrono::steady_clock::now();
  auto told = services_.clock.steady();
  for (;;) {
    const auto next = operation.step(connection_);
    if (!next.ok()) co_return next.error();
    if (*next == Next::Done) co_return base::ok();
    base::Status status;
    if (*next == Next::Write) {
      status = co_await run_write(operation);
    }
    if (*next == Next::Work) {
      status = co_await run_work(operation);
    }
    if (!status.ok()) co_return status;
    const std::size_t before = connection_.out.size();
    put_progress(operation, told);
    const bool progress = connection_.out.size() > before;
    if (progress || (*next == Next::Again && before >= kStepOctets)) {
      co_await flush();
    }
    if (*next != Next::Again && !over_) continue;
    if (over_) co_return base::Error{Errc::Closed, "connection lost"};
    if (!may_go_on()) co_return base::Error{Errc::Closed, "the rights on the mailbox were withdrawn"};
    if (std::chrono::steady_clock::now() - turn < kTurn) continue;
    Yield others;
    co_await others;
    turn = std::chrono::steady_clock::now();
  }
}

base::Task<base::Status> Session::run_write(Operation& operation) {
  store::lmdb::Env& env = connection_.env();
  const auto isolation = operation.isolation();
  const auto job = [&operation](store::mail::WriteTxn& txn) { return operation.write(txn); };
  auto written = co_await env.write_async(job, isolation);
  if (!written.ok()) written = operation.write_failed(written.error());
  co_return written;
}

base::Task<base::Status> Session::run_work(Operation& operation) {
  net::Workers& workers = services_.workers;
  const auto job = [&operation] { return operation.work(); };
  auto worked = co_await workers.run(job);
  co_return worked;
}

base::Task<void> Session::complete(const parse::Command& command, base::Status status) {
  reached_before_reply(command.verb);
  if (!status.ok() && (status.error().code == Errc::Closed || over_)) {
    if (!over_) log::error("imap answer cut short", {{"user", connection_.user()}, {"reason", status.error().text}});
    over_ = true;
    co_return;
  }
  const MaySendExpunge expunge = may_send_expunge(command);
  co_await sync(expunge);
  if (over_) co_return;
  std::string& out = connection_.out;
  if (status.ok()) put_message_limit(connection_);
  put_highest_modseq(status.ok());
  if (status.ok()) {
    auto& completion = connection_.completion;
    if (completion.text.empty()) completion.text = full_name(command) + " completed";
    put_tagged(out, command.tag, completion.word, completion.code, completion.text);
    bad_commands_ = 0;
  } else {
    const Refusal why = refusal(status.error(), command.verb);
    const bool ours = why.code == "SERVERBUG" || why.code == "CORRUPTION" || why.code == "UNAVAILABLE";
    if (ours) {
      const bool told = services_.disk != nullptr && services_.disk->reached();  // once, when the disk became full
      log::write(told ? log::Level::Debug : log::Level::Error, "imap command failed",
                 {{"command", full_name(command)},
                  {"user", connection_.user()},
                  {"error", base::name(status.error().code)},
                  {"reason", status.error().text}});
    }
    if (why.word == "BAD") {
      bad(command.tag, why.code, why.text);
    } else {
      put_tagged(out, command.tag, why.word, why.code, why.text);
    }
  }
  end_when_blind();
  if (out.size() >= kFlushOctets) {
    co_await flush();
  }
}

// HIGHESTMODSEQ for a client that keeps it: after an expunge of its own, and when MODSEQ has gone out while an older
// EXPUNGE is withheld. Such a client must come back to the moment before it (RFC 7162 §3.2.4, §3.2.7).
void Session::put_highest_modseq(bool ok) {
  const Enabled& enabled = connection_.enabled();
  if (!enabled.condstore || !connection_.has_view()) return;
  const View& view = connection_.view();
  auto& completion = connection_.completion;
  if (!(ok && completion.modseq) && !(enabled.qresync && view.withholds())) return;
  std::string code = "HIGHESTMODSEQ ";
  put_number(code, view.settled().value);
  if (ok && completion.code.empty()) {
    completion.code = std::move(code);
  } else {
    put_tagged(connection_.out, "*", "OK", code, "Highest");
  }
}

base::Task<void> Session::sync(MaySendExpunge expunge) {
  if (!connection_.has_view()) co_return;
  co_await claim_recent();
  bool follows = false;
  const auto report = [this, expunge, &follows](const store::mail::ReadTxn& txn) {
    const auto allowed = renew_rights(txn, connection_);
    if (!allowed.ok()) return base::Result<bool>(allowed.error());
    auto more = connection_.view().report(txn, expunge, connection_.enabled(), connection_.out);
    follows = connection_.view().follows();
    return more;
  };
  while (!over_) {
    const auto more = connection_.env().read(report);
    if (!more.ok() && more.error().code == Errc::NotFound) {
      mailbox_lost();
      co_return;
    }
    if (!more.ok()) {
      log::error("imap news cannot be read", {{"reason", more.error().text}});
      blind_ = !follows;
    }
    if (!more.ok() || !*more) co_return;
    co_await flush();
  }
}

// \Recent goes to one session only, so it is claimed in the store before it is told (RFC 3501 §2.3.2).
base::Task<void> Session::claim_recent() {
  store::lmdb::Env& env = connection_.env();
  const auto wants = env.read([this](const store::mail::ReadTxn& txn) { return connection_.view().wants_recent(txn); });
  if (!wants.ok() || !*wants) co_return;
  const auto claim = [box = connection_.view().box()](store::mail::WriteTxn& txn) {
    return store::mail::claim_recent(txn, box);
  };
  const auto claimed = co_await env.write_async(claim);
  if (claimed.ok()) connection_.view().claimed(*claimed);
}

std::chrono::milliseconds Session::read_timeout() const {
  if (connection_.state() != kNotAuthenticated) return kAutologout;
  const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(services_.clock.steady() - began_);
  return std::chrono::milliseconds(kLoginTimeout) - used;
}

base::Task<void> Session::read_more() {
  co_await flush();
  if (over_) co_return;
  const auto limit = read_timeout();
  if (limit <= std::chrono::milliseconds::zero()) {
    bye("No login in time");
    co_return;
  }
  stream_->set_timeout(limit);
  const std::size_t room = transfers_ ? kReadOctets : kReadIdleOctets;
  if (buffer_.size() != room) buffer_ = std::vector<char>(room);
  const std::span<char> buffer(buffer_);
  const auto count = co_await stream_->read(buffer);
  if (count.ok()) {
    transfers_ = *count >= kReadIdleOctets;
    if (*count == 0) over_ = true;
    framer_.feed(std::string_view(buffer_.data(), *count));
    co_return;
  }
  if (count.error().code == Errc::Interrupted) co_return;
  if (count.error().code == Errc::Timeout) {
    bye("Idle for too long");  // autologout, RFC 9051 §5.4
    co_return;
  }
  over_ = true;
  broken_ = true;
}

base::Task<void> Session::flush() {
  if (connection_.out.empty() || broken_) co_return;
  stream_->set_timeout(kWriteTimeout);
  const std::string pending = std::exchange(connection_.out, {});
  const auto written = co_await stream_->write(pending);
  base::sync_point("imap-after-reply");
  if (written.ok()) co_return;
  over_ = true;
  broken_ = true;
}

base::Task<void> Session::hang_up() {
  connection_.log_out();
  co_await flush();
  co_await stream_->shutdown();
}

// What the owner of the selected mailbox gives is looked at before each command. When it cannot be read, sync() says so.
bool Session::renew() {
  if (!connection_.has_view() || connection_.view().own()) return true;
  const auto allowed =
      connection_.env().read([this](const store::mail::ReadTxn& txn) { return renew_rights(txn, connection_); });
  return allowed.ok() || allowed.error().code != Errc::NotFound;
}

// The same between two slices of an answer, where nothing may be said.
bool Session::may_go_on() const {
  if (!connection_.has_view() || connection_.view().own()) return true;
  const auto allowed = connection_.env().read(
      [this](const store::mail::ReadTxn& txn) { return check_rights(txn, connection_.holder(), Rights()); });
  return allowed.ok() || allowed.error().code != Errc::NotFound;
}

// RFC 2180 §3.3. The same words for another account's mailbox that was deleted and for one whose rights were withdrawn
// (RFC 4314 §5.1.1): they are not to be told apart.
void Session::mailbox_lost() {
  bye(connection_.view().own() ? "The selected mailbox has been deleted"
                               : "The selected mailbox is no longer available");
}

void Session::bye(std::string_view text) {
  put_tagged(connection_.out, "*", "BYE", "", text);
  over_ = true;
}

// What arrived is not in the view, so a UID command would say OK to a message that it never touched: the client must not go on.
void Session::end_when_blind() {
  if (!blind_ || over_) return;
  put_tagged(connection_.out, "*", "BYE", "UNAVAILABLE", "The selected mailbox cannot be read");
  over_ = true;
}

void Session::bad(std::string_view tag, std::string_view code, std::string_view text) {
  put_tagged(connection_.out, tag, "BAD", code, text);
  const bool before_login = connection_.state() == kNotAuthenticated;
  if (++bad_commands_ < (before_login ? kBadCommandsBeforeLogin : kBadCommandsAfterLogin)) return;
  bye("Too many bad commands");
}

}  // namespace hearthmail::receiver::imap
