#include "common/smtp/client.hpp"

#include <array>
#include <utility>

#include "common/base/sync_point.hpp"
#include "common/smtp/data_writer.hpp"

namespace hearthmail::smtp {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using base::Task;

namespace {

constexpr std::size_t kReadOctets = 4'096;  // replies are short

}  // namespace

std::chrono::seconds Client::limit_of(Stage stage) const {
  const ClientTimeouts& t = options_.timeouts;
  switch (stage) {
    case Stage::Connect:
    case Stage::Tls: return t.connect;
    case Stage::Greeting: return t.greeting;
    case Stage::Ehlo:
    case Stage::StartTls:
    case Stage::Auth: return t.hello;
    case Stage::Mail: return t.mail;
    case Stage::Rcpt: return t.rcpt;
    case Stage::Data: return t.data;
    case Stage::Body: return t.block;
    case Stage::Final: return t.final_dot;
  }
  return t.hello;
}

Task<Result<Reply>> Client::read_reply(std::chrono::seconds limit) {
  std::array<char, kReadOctets> buffer{};
  stream_->set_timeout(limit);
  while (true) {
    auto reply = parser_.next();
    if (!reply.ok()) co_return reply.error();
    if (reply->has_value()) co_return std::move(**reply);
    const std::span<char> space(buffer);
    auto count = co_await stream_->read(space);
    if (!count.ok()) co_return count.error();
    if (*count == 0) co_return Error{Errc::Closed, "the peer closed the connection"};
    parser_.feed(std::string_view(buffer.data(), *count));
  }
}

Task<Result<Reply>> Client::command(std::string line) {
  stream_->set_timeout(options_.timeouts.hello);
  line += "\r\n";
  auto written = co_await stream_->write(line);
  if (!written.ok()) co_return written.error();
  const std::chrono::seconds limit = options_.timeouts.hello;
  auto reply = co_await read_reply(limit);
  co_return reply;
}

Task<Transfer> Client::send(OutgoingEnvelope envelope, BodySource& body, BeforeFinalDot before, bool rested) {
  Transfer transfer;
  Dialog dialog(peer_, std::move(envelope), options_.lmtp, rested || transactions_ > 0);
  open_ = false;  // until the transaction has ended in step
  ++transactions_;
  while (dialog.next() != Dialog::Do::Finished && !transfer.fault) {
    auto fault = co_await step(dialog, body, before, transfer.local_fault);
    transfer.fault = std::move(fault);
  }
  transfer.answers = dialog.answers();
  transfer.accepted = dialog.accepted();
  transfer.dot_sent = dialog.dot_sent();
  transfer.stale = dialog.stale();
  open_ = !transfer.fault && dialog.in_step() && !closed_;
  if (!open_) close();
  co_return transfer;
}

Task<std::optional<SessionFault>> Client::step(Dialog& dialog, BodySource& body, const BeforeFinalDot& before,
                                               bool& local_fault) {
  Fault fault;
  if (dialog.next() == Dialog::Do::Write) {
    const std::string commands = dialog.take_output();
    stream_->set_timeout(options_.timeouts.block);
    auto written = co_await stream_->write(commands);
    if (!written.ok()) fault = SessionFault{dialog.awaiting(), std::nullopt, written.error()};
  } else if (dialog.next() == Dialog::Do::Body) {
    fault = co_await send_body(dialog, body, before, local_fault);
  } else {
    fault = co_await read_answer(dialog);
  }
  co_return fault;
}

Task<std::optional<SessionFault>> Client::read_answer(Dialog& dialog) {
  const Stage stage = dialog.awaiting();
  const std::chrono::seconds limit = limit_of(stage);
  auto reply = co_await read_reply(limit);
  if (!reply.ok()) co_return SessionFault{stage, std::nullopt, reply.error()};
  dialog.answered(std::move(*reply));
  co_return std::nullopt;
}

Task<std::optional<SessionFault>> Client::send_body(Dialog& dialog, BodySource& body, const BeforeFinalDot& before,
                                                    bool& local_fault) {
  DataWriter writer;
  stream_->set_timeout(options_.timeouts.block);
  bool more = true;
  while (more) {
    auto piece = body.next();
    if (!piece.ok()) {
      local_fault = true;
      co_return SessionFault{Stage::Body, std::nullopt, piece.error()};
    }
    more = !piece->empty();
    const std::string wire = more ? writer.encode(*piece) : writer.finish();
    auto written = co_await stream_->write(wire);
    if (!written.ok()) co_return SessionFault{Stage::Body, std::nullopt, written.error()};
  }
  std::vector<std::size_t> accepted = dialog.accepted();
  auto committed = co_await before(std::move(accepted));
  if (!committed.ok()) {
    local_fault = true;
    co_return SessionFault{Stage::Body, std::nullopt, committed.error()};
  }
  dialog.body_sent();  // before the write: when it fails, nobody knows how far the dot came
  base::sync_point("before-final-octets");
  auto written = co_await stream_->write(kFinalDot);
  base::sync_point("after-final-octets");
  if (!written.ok()) co_return SessionFault{Stage::Final, std::nullopt, written.error()};
  co_return std::nullopt;
}

Task<void> Client::quit() {
  if (!stream_) co_return;
  if (open_) {
    open_ = false;
    stream_->set_timeout(options_.timeouts.quit);
    auto written = co_await stream_->write("QUIT\r\n");
    if (written.ok()) {
      const std::chrono::seconds limit = options_.timeouts.quit;
      auto reply = co_await read_reply(limit);
      (void)reply;
    }
  }
  co_await stream_->shutdown();
}

void Client::close() {
  open_ = false;
  closed_ = true;
  if (stream_) stream_->close();
}

}  // namespace hearthmail::smtp
