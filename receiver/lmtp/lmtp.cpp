#include "receiver/lmtp/lmtp.hpp"

#include <utility>

#include "common/smtp/server_session.hpp"
#include "receiver/delivery/local_policy.hpp"

namespace hearthmail::receiver::lmtp {

hearthmail::smtp::ServerOptions lmtp_options() {
  hearthmail::smtp::ServerOptions options;
  options.dialect = hearthmail::smtp::Dialect::Lmtp;
  options.name = "lmtp";
  options.line_endings = hearthmail::smtp::LineEndings::Keep;
  options.max_octets = kAllowance;
  options.delivery_id = true;
  return options;
}

base::Task<void> serve_lmtp(net::Loop&, std::unique_ptr<net::Stream> stream, delivery::Delivery& delivery) {
  delivery::LocalPolicy policy(delivery, lmtp_options(), delivery::Answers::PerRecipient);
  const base::Clock& clock = delivery.services().clock;
  co_await hearthmail::smtp::serve(std::move(stream), policy, clock);
}

}  // namespace hearthmail::receiver::lmtp
