#include "relay/smtp/smtp_carrier.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"

namespace hearthmail::relay {

using base::Task;

namespace {

Outcome local_trouble(const base::Error& error) {
  Outcome out;
  out.reply = "local error: " + error.text;
  out.status = "4.3.0";
  return out;
}

// Recipients over the peer's RCPTMAX (RFC 9422) wait for the next transaction.
Outcome next_transaction(std::uint32_t most) {
  Outcome out;
  out.reply = "the route takes " + std::to_string(most) + " recipients at once";
  out.status = "4.5.3";
  out.again_at_once = true;
  return out;
}

bool connection_is_full(const std::vector<Outcome>& outcomes) {
  return std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& one) { return one.again_at_once; });
}

}  // namespace

SmtpCarrier::SmtpCarrier(const base::Clock& clock, std::unique_ptr<smtp::Dialer> dialer, SmtpCarrierOptions options)
    : clock_(clock), dialer_(std::move(dialer)), options_(std::move(options)) {}

ReplyContext SmtpCarrier::context(const Parcel& parcel) const {
  return {parcel.envelope.reverse_path.empty(), options_.client.lmtp};
}

bool SmtpCarrier::fresh(const Connection& connection) const {
  const auto now = clock_.steady();
  const std::uint32_t told = connection.client.peer().mail_max;
  const std::uint32_t most = told == 0 ? kConnectionMessages : std::min(told, kConnectionMessages);
  return connection.client.reusable() && now - connection.opened < kConnectionAge &&
         now - connection.used < kConnectionIdle && connection.client.transactions() < most;
}

// The newest idle connection that may be used again; empty when there is none.
Task<SmtpCarrier::Ready> SmtpCarrier::idle_connection() {
  Ready out;
  while (!idle_.empty() && !out.connection) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (fresh(*connection)) {
      out.connection = std::move(connection);
    } else {
      co_await connection->client.quit();
    }
  }
  co_return out;
}

Task<SmtpCarrier::Ready> SmtpCarrier::ready() {
  auto out = co_await idle_connection();
  if (out.connection) co_return out;
  if (closed_) {
    out.fault = smtp::SessionFault{smtp::Stage::Connect, std::nullopt, {base::Errc::Closed, "the relay is stopping"}};
    co_return out;
  }
  auto connection = std::make_unique<Connection>(*dialer_, options_.client);
  Connection* raw = connection.get();
  busy_.insert(raw);
  auto fault = co_await raw->client.open();
  busy_.erase(raw);
  out.fault = std::move(fault);
  if (out.fault) co_return out;
  raw->opened = clock_.steady();
  out.connection = std::move(connection);
  co_return out;
}

Task<std::vector<Outcome>> SmtpCarrier::send(const Parcel& parcel, BeforeLast before) {
  const std::size_t count = parcel.envelope.recipients.size();
  const auto body = parcel.open_body();
  const auto needs = scan_needs(*body);
  if (!needs.ok()) co_return std::vector<Outcome>(count, local_trouble(needs.error()));
  const Needs known = *needs;
  for (;;) {
    auto opened = co_await ready();
    if (opened.fault) co_return std::vector<Outcome>(count, classify(*opened.fault, context(parcel)));
    auto connection = std::move(opened.connection);
    const auto lacks = lacking(connection->client.peer(), parcel, known, options_.max_octets);
    if (lacks) {
      co_await put_back(std::move(connection), true);
      co_return std::vector<Outcome>(count, *lacks);
    }
    auto outcomes = co_await transact(std::move(connection), parcel, known, before);
    if (outcomes) co_return std::move(*outcomes);
  }
}

Task<std::optional<std::vector<Outcome>>> SmtpCarrier::transact(std::unique_ptr<Connection> connection,
                                                                const Parcel& parcel, Needs needs, BeforeLast before) {
  const smtp::Capabilities& peer = connection->client.peer();
  smtp::OutgoingEnvelope envelope = parcel.envelope;
  envelope.eight_bit = needs.eight_bit || parcel.eight_bit_declared;
  envelope.smtputf8 = needs_smtputf8(parcel, needs);
  const std::size_t count = envelope.recipients.size();
  const std::uint32_t most = peer.rcpt_max;
  if (most != 0 && count > most) envelope.recipients.resize(most);
  const bool passes_dsn_on = peer.dsn;
  Connection* raw = connection.get();
  busy_.insert(raw);
  const auto body = parcel.open_body();
  const bool rested = raw->rested;
  auto transfer = co_await raw->client.send(std::move(envelope), *body, std::move(before), rested);
  busy_.erase(raw);
  raw->used = clock_.steady();
  if (transfer.stale) co_return std::nullopt;
  std::vector<Outcome> outcomes = classify(transfer, context(parcel));
  for (Outcome& one : outcomes) one.dsn_passed_on = one.verdict == Verdict::Accepted && passes_dsn_on;
  outcomes.resize(count, next_transaction(most));
  // Cloudflare counts recipients per session: after "too many" a new connection is needed. RCPTMAX is per transaction.
  const bool again = !connection_is_full(outcomes) || most != 0;
  co_await put_back(std::move(connection), again);
  co_return outcomes;
}

Task<void> SmtpCarrier::put_back(std::unique_ptr<Connection> connection, bool again) {
  connection->used = clock_.steady();
  connection->rested = true;
  if (again && fresh(*connection) && !closed_) {
    idle_.push_back(std::move(connection));
    co_return;
  }
  co_await connection->client.quit();
}

Task<void> SmtpCarrier::quit() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    co_await connection->client.quit();
  }
}

void SmtpCarrier::close() {
  closed_ = true;
  for (Connection* connection : busy_) connection->client.close();
  for (const auto& connection : idle_) connection->client.close();
}

}  // namespace hearthmail::relay
