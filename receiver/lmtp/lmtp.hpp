// LMTP on a unix socket, RFC 2033: mail from our own relay (local recipients and bounces), one reply per recipient.
//
//   net::Listener::open(main_loop, loops, endpoint, {"lmtp"},
//                       [&](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
//                         return lmtp::serve_lmtp(loop, std::move(stream), delivery);
//                       });
#pragma once

#include <cstdint>
#include <memory>

#include "common/base/task.hpp"
#include "common/net/loop.hpp"
#include "common/net/stream.hpp"
#include "receiver/delivery/delivery.hpp"

namespace hearthmail::receiver::lmtp {

// Octets by which a message may exceed the limit of submission here: what submission and the relay put in front of it, or
// a bounce around it, must not make it undeliverable.
constexpr std::uint64_t kAllowance = 1024 * 1024;

// What the socket offers. Whoever may open it may deliver to our domains. Octets are kept as they came, bare CR and LF
// included, because the relay delivers what submission has accepted; only NUL is refused.
hearthmail::smtp::ServerOptions lmtp_options();

// Serves one client from the greeting to the end of its connection. Never fails; closes the stream itself. `loop` is the
// one that it runs on; `delivery` outlives it.
base::Task<void> serve_lmtp(net::Loop& loop, std::unique_ptr<net::Stream> stream, delivery::Delivery& delivery);

}  // namespace hearthmail::receiver::lmtp
