#include "receiver/smtp/smtp.hpp"

#include <utility>

#include "common/smtp/server_session.hpp"
#include "receiver/delivery/local_policy.hpp"

namespace hearthmail::receiver::smtp {

hearthmail::smtp::ServerOptions smtp_options() {
  hearthmail::smtp::ServerOptions options;
  options.dialect = hearthmail::smtp::Dialect::Smtp;
  options.name = "smtp";
  options.line_endings = hearthmail::smtp::LineEndings::Strict;
  options.max_octets = 0;
  return options;
}

base::Task<void> serve_smtp(net::Loop&, std::unique_ptr<net::Stream> stream, delivery::Delivery& delivery) {
  delivery::LocalPolicy policy(delivery, smtp_options(), delivery::Answers::One);
  const base::Clock& clock = delivery.services().clock;
  co_await hearthmail::smtp::serve(std::move(stream), policy, clock);
}

}  // namespace hearthmail::receiver::smtp
