#include "relay/http/http_carrier.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::relay {

using base::Result;
using base::Task;

namespace {

Outcome local_trouble(const base::Error& error) {
  Outcome out;
  out.reply = "local error: " + error.text;
  out.status = "4.3.0";
  return out;
}

Result<std::string> whole_message(const Parcel& parcel) {
  const auto body = parcel.open_body();
  std::string message;
  message.reserve(parcel.envelope.octets);
  while (true) {
    TRY_ASSIGN(const std::string piece, body->next());
    if (piece.empty()) return message;
    message += piece;
  }
}

Outcome not_answered(const HttpAnswer& answer) {
  Outcome out;
  out.reply = "https: " + base::printable(answer.error, 300);
  out.status = "4.4.2";
  switch (answer.reached) {
    case Reached::NotConnected: out.verdict = Verdict::RouteAway; break;
    case Reached::NotTrusted: out.verdict = Verdict::RouteBroken, out.status = "4.7.5"; break;
    case Reached::PartlySent: out.verdict = Verdict::Temporary, out.another_route = true; break;
    case Reached::Sent:
    case Reached::Answered: out.verdict = Verdict::InDoubt; break;
  }
  return out;
}

std::optional<Outcome> too_big(const Parcel& parcel, std::uint64_t most) {
  if (most == 0 || parcel.envelope.octets <= most) return std::nullopt;
  Outcome out;
  out.verdict = Verdict::TooBig;
  out.reply =
      "the message has " + std::to_string(parcel.envelope.octets) + " octets, the route takes " + std::to_string(most);
  out.status = "5.3.4";
  return out;
}

Parcel only(const Parcel& parcel, const std::vector<std::size_t>& positions) {
  Parcel out = parcel;
  out.envelope.recipients.clear();
  for (const std::size_t p : positions) out.envelope.recipients.push_back(parcel.envelope.recipients[p]);
  return out;
}

}  // namespace

HttpCarrier::HttpCarrier(std::unique_ptr<HttpSender> sender, std::unique_ptr<Provider> provider,
                         std::uint64_t max_octets)
    : sender_(std::move(sender)), provider_(std::move(provider)), max_octets_(max_octets) {}

Task<std::vector<Outcome>> HttpCarrier::send(const Parcel& parcel, BeforeLast before) {
  const std::size_t count = parcel.envelope.recipients.size();
  const auto refused = provider_->refuses(parcel);
  if (refused) co_return std::vector<Outcome>(count, *refused);
  const auto big = too_big(parcel, max_octets_);
  if (big) co_return std::vector<Outcome>(count, *big);
  const auto message = whole_message(parcel);
  if (!message.ok()) co_return std::vector<Outcome>(count, local_trouble(message.error()));
  std::vector<Outcome> outcomes(count);
  const std::string& octets = *message;
  for (std::size_t from = 0; from < count; from += provider_->max_recipients()) {
    std::vector<std::size_t> positions;
    for (std::size_t p = from; p < std::min<std::size_t>(count, from + provider_->max_recipients()); ++p) {
      positions.push_back(p);
    }
    co_await call_batch(parcel, std::move(positions), octets, before, outcomes);
  }
  co_return outcomes;
}

// One call; when the provider dislikes one of several recipients without saying which, one call for each.
Task<void> HttpCarrier::call_batch(const Parcel& parcel, std::vector<std::size_t> positions, const std::string& message,
                                   const BeforeLast& before, std::vector<Outcome>& outcomes) {
  auto outcome = co_await call(parcel, positions, message, before);
  if (!outcome.again_at_once) {
    for (const std::size_t p : positions) outcomes[p] = outcome;
    co_return;
  }
  for (const std::size_t p : positions) {
    const std::vector<std::size_t> one(1, p);
    auto own = co_await call(parcel, one, message, before);
    own.again_at_once = false;
    outcomes[p] = std::move(own);
  }
}

Task<Outcome> HttpCarrier::call(const Parcel& parcel, std::vector<std::size_t> positions, std::string message,
                                const BeforeLast& before) {
  const Parcel part = only(parcel, positions);
  const std::size_t count = positions.size();
  auto committed = co_await before(std::move(positions));
  if (!committed.ok()) co_return local_trouble(committed.error());
  HttpRequest request = provider_->request(part, std::move(message));
  auto answer = co_await sender_->perform(std::move(request));
  if (answer.reached != Reached::Answered) co_return not_answered(answer);
  co_return provider_->classify(answer, count);
}

}  // namespace hearthmail::relay
