// HttpCarrier: mail through a provider's HTTPS API.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "relay/carrier.hpp"
#include "relay/http/provider.hpp"
#include "relay/http/transfer.hpp"

namespace hearthmail::relay {

// Commits "in doubt" before a request starts: a request's last octets cannot be held back as SMTP's final dot can.
// Not thread-safe; lives on the sender's loop.
class HttpCarrier : public Carrier {
 public:
  // `max_octets`: the operator's limit for this route, 0 for none.
  HttpCarrier(std::unique_ptr<HttpSender> sender, std::unique_ptr<Provider> provider, std::uint64_t max_octets);
  base::Task<std::vector<Outcome>> send(const Parcel& parcel, BeforeLast before) override;
  base::Task<void> quit() override { co_return; }
  void close() override { sender_->close(); }

 private:
  base::Task<Outcome> call(const Parcel& parcel, std::vector<std::size_t> positions, std::string message,
                           const BeforeLast& before);
  base::Task<void> call_batch(const Parcel& parcel, std::vector<std::size_t> positions, const std::string& message,
                              const BeforeLast& before, std::vector<Outcome>& outcomes);

  std::unique_ptr<HttpSender> sender_;
  std::unique_ptr<Provider> provider_;
  std::uint64_t max_octets_;
};

}  // namespace hearthmail::relay
