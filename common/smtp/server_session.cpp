#include "common/smtp/server_session.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/auth/sasl.hpp"
#include "common/base/sync_point.hpp"
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "common/smtp/incoming.hpp"
#include "common/smtp/limits.hpp"
#include "common/smtp/line_buffer.hpp"
#include "common/smtp/server_core.hpp"

namespace hearthmail::smtp {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::size_t kCommandBlock = 4096;  // octets asked at once between messages

void reached_before_reply(Dialect dialect) {
  switch (dialect) {
    case Dialect::Smtp: base::sync_point("smtp-before-reply"); break;
    case Dialect::Lmtp: base::sync_point("lmtp-before-reply"); break;
    case Dialect::Submission: base::sync_point("submission-before-reply"); break;
  }
}

void reached_after_reply(Dialect dialect) {
  switch (dialect) {
    case Dialect::Smtp: base::sync_point("smtp-after-reply"); break;
    case Dialect::Lmtp: base::sync_point("lmtp-after-reply"); break;
    case Dialect::Submission: base::sync_point("submission-after-reply"); break;
  }
}

class Session {
 public:
  Session(net::Stream& stream, ServerPolicy& policy, const base::Clock& clock)
      : stream_(stream), policy_(policy), clock_(clock), core_(policy, client_) {
    client_.peer = stream.peer();
    client_.tls = stream.tls();
  }
  base::Task<void> run();

 private:
  base::Task<bool> flush();
  base::Task<bool> fill(std::size_t block, milliseconds patience);
  base::Task<std::optional<InputLine>> read_line();
  base::Task<void> handle_line(const InputLine& line);
  Next next_step(const InputLine& line);
  base::Task<void> receive_data();
  base::Task<void> receive_chunk();
  base::Task<void> finish_message();
  base::Task<void> start_tls();
  base::Task<void> authenticate();
  base::Task<base::Result<auth::SaslStep>> exchange(auth::ServerSasl& sasl);
  void gone(const base::Error& error);
  void flooded();

  net::Stream& stream_;
  ServerPolicy& policy_;
  const base::Clock& clock_;
  ClientInfo client_;
  ServerCore core_;
  LineBuffer input_;
  std::vector<char> block_;
  std::optional<Incoming> incoming_;
  TimePoint deadline_{};
  bool open_ = true;
};

// The peer has gone, or took too long: no more input. A timeout is told (RFC 5321 §3.8).
void Session::gone(const base::Error& error) {
  open_ = false;
  if (error.code == Errc::Timeout) core_.say({421, "4.4.2", "Timeout, closing"});
  core_.abandoned(error.text);
}

void Session::flooded() {
  core_.refuse_message({552, "5.3.4", "Message is too big"}, incoming_->octets());
  open_ = false;
}

base::Task<bool> Session::flush() {
  const std::string out = core_.take_output();
  if (out.empty()) co_return true;
  stream_.set_timeout(kCommandTimeout);
  auto written = co_await stream_.write(out);
  if (!written.ok()) gone(base::Error{Errc::Closed, written.error().text});
  reached_after_reply(policy_.options().dialect);
  co_return written.ok();
}

// Sends what is to be sent, then waits for input: at most `patience` and never beyond deadline_.
base::Task<bool> Session::fill(std::size_t block, milliseconds patience) {
  const auto flushed = co_await flush();
  if (!flushed) co_return false;
  block_.resize(block);
  const std::span<char> room(block_);
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - clock_.steady());
    if (left <= milliseconds::zero()) {
      gone(base::Error{Errc::Timeout, "timeout"});
      co_return false;
    }
    stream_.set_timeout(std::min(left, patience));
    auto got = co_await stream_.read(room);
    if (!got.ok() && got.error().code == Errc::Interrupted) continue;
    if (!got.ok()) {
      gone(got.error());
      co_return false;
    }
    if (*got == 0) {
      gone(base::Error{Errc::Closed, "peer closed the connection"});
      co_return false;
    }
    input_.append(std::string_view(block_.data(), *got));
    co_return true;
  }
}

base::Task<std::optional<InputLine>> Session::read_line() {
  deadline_ = clock_.steady() + kCommandTimeout;
  while (true) {
    auto line = input_.take_line(input_.starts_with("AUTH") ? kMaxAuthLine : kMaxCommandLine);
    if (line.has_value()) co_return line;
    const auto filled = co_await fill(kCommandBlock, kCommandTimeout);
    if (!filled) co_return std::nullopt;
  }
}

base::Task<void> Session::run() {
  core_.greet();
  while (open_) {
    auto line = co_await read_line();
    if (!line.has_value()) break;
    const InputLine& taken = *line;
    co_await handle_line(taken);
    if (core_.state() != SessionState::Chunks) incoming_.reset();
    if (core_.output_octets() < kReplyBatch) continue;
    co_await flush();
  }
  core_.abandoned("closed");
  co_await flush();
  co_await stream_.shutdown();
}

Next Session::next_step(const InputLine& line) {
  switch (line.kind) {
    case InputLine::Kind::Good: break;
    case InputLine::Kind::TooLong: return core_.bad_line("Line is too long");
    case InputLine::Kind::BareLf: return core_.bad_line("Lines must end with CRLF");
  }
  return core_.command(line.text, stream_.can_start_tls());
}

base::Task<void> Session::handle_line(const InputLine& line) {
  const Next next = next_step(line);
  if (next == Next::Close) open_ = false;
  if (next == Next::Data) {
    co_await receive_data();
  } else if (next == Next::Chunk) {
    co_await receive_chunk();
  } else if (next == Next::StartTls) {
    co_await start_tls();
  } else if (next == Next::Auth) {
    co_await authenticate();
  }
}

// ---- messages --------------------------------------------------------------------------------------------------

base::Task<void> Session::receive_data() {
  incoming_.emplace(policy_.options());
  deadline_ = clock_.steady() + kMessageTimeout;
  DataReader reader;
  std::string decoded;
  while (!reader.done()) {
    if (input_.empty()) {
      const auto filled = co_await fill(kReadBlock, kDataBlockTimeout);
      if (!filled) co_return;
    }
    decoded.clear();
    input_.consume(reader.feed(input_.view(), decoded));
    incoming_->take(decoded);
    if (incoming_->flooded()) {
      flooded();
      co_return;
    }
  }
  co_await finish_message();
}

// RFC 3030 §2. A chunk that is not wanted is read all the same, and then refused.
base::Task<void> Session::receive_chunk() {
  const Chunk chunk = core_.chunk();
  const bool wanted = !core_.chunk_refusal().has_value();
  if (wanted && !incoming_.has_value()) incoming_.emplace(policy_.options());
  deadline_ = clock_.steady() + kMessageTimeout;
  std::uint64_t left = chunk.octets;
  while (left > 0) {
    if (input_.empty()) {
      const auto filled = co_await fill(kReadBlock, kDataBlockTimeout);
      if (!filled) co_return;
    }
    const auto octets = input_.view().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, kReadBlock)));
    if (wanted) incoming_->take(octets);
    left -= octets.size();
    input_.consume(octets.size());
  }
  const std::uint64_t octets = incoming_.has_value() ? incoming_->octets() : 0;
  const auto refusal = wanted ? incoming_->refusal() : core_.chunk_refusal();
  if (refusal.has_value()) {
    core_.refuse_chunk(*refusal, octets);
  } else if (chunk.last) {
    co_await finish_message();
  } else {
    core_.chunk_taken(octets);
  }
}

base::Task<void> Session::finish_message() {
  incoming_->finish();
  const auto refusal = incoming_->refusal();
  if (refusal.has_value()) {
    core_.refuse_message(*refusal, incoming_->octets());
    co_return;
  }
  const Transaction& transaction = core_.transaction();
  const Spool& spool = incoming_->spool();
  auto replies = co_await policy_.commit(client_, transaction, spool);
  reached_before_reply(policy_.options().dialect);
  core_.finished(replies, spool.octets());
  block_ = std::vector<char>();  // an idle session keeps no large buffers
}

// ---- TLS and AUTH ----------------------------------------------------------------------------------------------

base::Task<void> Session::start_tls() {
  const auto flushed = co_await flush();
  if (!flushed) co_return;
  if (!input_.empty()) {  // an injection, or a client that does not wait (RFC 3207 §4.2, CVE-2011-0411): never run
    log::warning("commands after STARTTLS dropped", {{"peer", client_.peer.address}});
    input_.clear();
  }
  stream_.set_timeout(kCommandTimeout);
  auto started = co_await stream_.start_tls();
  if (!started.ok()) {
    log::info("TLS handshake failed", {{"peer", client_.peer.address}, {"error", started.error().text}});
    open_ = false;
    co_return;
  }
  client_.tls = stream_.tls();
  core_.tls_started();
}

// Drives the mechanism to its end: the login and the password, or what was wrong with the exchange.
base::Task<base::Result<auth::SaslStep>> Session::exchange(auth::ServerSasl& sasl) {
  const auto& command = core_.auth_command();
  std::optional<std::string_view> initial;
  if (command.has_initial) initial = command.initial;
  auto step = sasl.begin(initial);
  while (step.ok() && !step->done) {
    core_.say({334, "", step->challenge});
    deadline_ = clock_.steady() + kCommandTimeout;
    auto line = input_.take_line(kMaxAuthLine);
    while (!line.has_value()) {
      const auto filled = co_await fill(kCommandBlock, kCommandTimeout);
      if (!filled) co_return base::Error{Errc::Closed, "peer has gone"};
      line = input_.take_line(kMaxAuthLine);
    }
    if (line->kind == InputLine::Kind::TooLong) co_return base::Error{Errc::OverLimit, "AUTH line is too long"};
    if (line->kind == InputLine::Kind::BareLf) co_return base::Error{Errc::Invalid, "AUTH line ends with a bare LF"};
    step = sasl.next(line->text);
  }
  co_return step;
}

// RFC 4954 §4 and §6: the replies of AUTH.
ServerReply auth_reply(const base::Error& error, bool of_exchange) {
  if (error.code == Errc::Denied) return {535, "5.7.8", "Wrong name or password"};
  if (error.code == Errc::Unsupported) return {504, "5.5.4", "Mechanism is not offered"};
  if (of_exchange && error.code == Errc::OverLimit) return {500, "5.5.6", "AUTH line is too long"};
  if (of_exchange) return {501, "5.5.2", "Authentication exchange is malformed or was cancelled"};
  return {454, "4.7.0", "Temporary authentication failure"};
}

base::Task<void> Session::authenticate() {
  const auto find = [this](const std::string& name) { return policy_.scram_verifier(name); };
  auto sasl = auth::ServerSasl::start(core_.auth_command().mechanism, client_.tls.exporter, find);
  if (!sasl.ok()) {
    core_.say(auth_reply(sasl.error(), true));
    co_return;
  }
  auth::ServerSasl& mechanism = *sasl;
  auto step = co_await exchange(mechanism);
  if (!open_) co_return;
  if (!step.ok()) {
    open_ = core_.auth_finished(auth_reply(step.error(), true));
    co_return;
  }
  const std::string name = step->login;
  auth::SaslStep last = std::move(*step);
  std::string peer = client_.peer.address;
  auto login = co_await policy_.authenticate(std::move(last), std::move(peer));
  if (!login.ok()) {
    log::warning("login failed", {{"listener", policy_.options().name},
                                  {"login", base::printable(name, 100)},
                                  {"peer", client_.peer.address},
                                  {"error", login.error().text}});
    open_ = core_.auth_finished(auth_reply(login.error(), false));
    co_return;
  }
  client_.account = login->account;
  client_.login = login->address;
  stream_.set_authenticated();
  core_.auth_finished({235, "2.7.0", "Authenticated"});
}

}  // namespace

base::Task<void> serve(std::unique_ptr<net::Stream> stream, ServerPolicy& policy, const base::Clock& clock) {
  Session session(*stream, policy, clock);
  co_await session.run();
}

}  // namespace hearthmail::smtp
