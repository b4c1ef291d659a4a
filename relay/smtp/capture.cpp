#include "relay/smtp/capture.hpp"

#include <utility>

#include "common/base/delivery_id.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "common/log/log.hpp"

namespace hearthmail::relay {

namespace {

constexpr std::size_t kMaxAddressShown = 600;  // octets; longer than any address that SMTP takes

// The header lines first, then the message as it is.
class Prefixed : public smtp::BodySource {
 public:
  Prefixed(std::string prefix, std::unique_ptr<smtp::BodySource> message)
      : prefix_(std::move(prefix)), message_(std::move(message)) {}
  base::Result<std::string> next() override {
    if (!prefix_.empty()) return std::exchange(prefix_, {});
    return message_->next();
  }

 private:
  std::string prefix_;
  std::unique_ptr<smtp::BodySource> message_;
};

// One entry may be captured in several copies, each for other recipients, and be delivered to the account besides. So a copy's
// name is made of the entry's and of the header: the same in every attempt at these recipients.
std::string captured_id(const std::string& delivery_id, const std::string& header) {
  if (delivery_id.empty()) return {};
  return crypto::sha256(delivery_id + header).substr(0, base::kDeliveryIdOctets);
}

}  // namespace

std::string capture_header(const Parcel& parcel) {
  const auto line = [](std::string_view name, std::string_view value) {
    return std::string(name) + ": " + std::string(value) + "\r\n";
  };
  std::string out =
      line("X-Hearthmail-Envelope-From", "<" + base::printable(parcel.envelope.reverse_path, kMaxAddressShown) + ">");
  for (const auto& to : parcel.envelope.recipients) {
    out += line("X-Hearthmail-Envelope-To", "<" + base::printable(to.address, kMaxAddressShown) + ">");
  }
  return out + line("X-Hearthmail-Queue-Id", std::to_string(parcel.id.value));
}

CaptureCarrier::CaptureCarrier(std::unique_ptr<Carrier> local, std::string account)
    : local_(std::move(local)), account_(std::move(account)) {}

Parcel CaptureCarrier::captured(const Parcel& parcel) const {
  Parcel out = parcel;
  const std::string header = capture_header(parcel);
  out.envelope.octets += header.size();
  out.envelope.recipients = {{account_, "", "NEVER"}};
  out.envelope.delivery_id = captured_id(parcel.envelope.delivery_id, header);
  out.open_body = [header, open = parcel.open_body]() -> std::unique_ptr<smtp::BodySource> {
    return std::make_unique<Prefixed>(header, open());
  };
  return out;
}

base::Task<std::vector<Outcome>> CaptureCarrier::send(const Parcel& parcel, BeforeLast before) {
  const std::size_t count = parcel.envelope.recipients.size();
  const Parcel copy = captured(parcel);
  const BeforeLast all = [&before, count](const std::vector<std::size_t>&) {
    std::vector<std::size_t> everybody(count);
    for (std::size_t i = 0; i < count; ++i) everybody[i] = i;
    return before(std::move(everybody));
  };
  auto outcomes = co_await local_->send(copy, all);
  Outcome outcome = outcomes.empty() ? Outcome{} : outcomes.front();
  if (outcome.verdict == Verdict::RecipientPermanent && outcome.status.starts_with("5.1")) {
    outcome.verdict = Verdict::RouteBroken;
    outcome.reply = "there is no account " + account_ + " to capture into: run `hearthmail user add " + account_ + "`";
  }
  if (outcome.verdict == Verdict::Accepted) {
    outcome.dsn_passed_on = false;
    outcome.reply = "captured into " + account_ + ", not sent";
    log::info("captured instead of sent", {{"queue_id", parcel.id.value},
                                           {"from", parcel.envelope.reverse_path},
                                           {"recipients", count},
                                           {"account", account_}});
  }
  co_return std::vector<Outcome>(count, outcome);
}

}  // namespace hearthmail::relay
