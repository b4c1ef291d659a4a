// Port 25: mail from strangers to our own domains.
//
//   net::Listener::open(main_loop, loops, endpoint, {"smtp", TlsMode::StartTls, &tls, ...},
//                       [&](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
//                         return smtp::serve_smtp(loop, std::move(stream), delivery);
//                       });
#pragma once

#include <memory>

#include "common/base/task.hpp"
#include "common/net/loop.hpp"
#include "common/net/stream.hpp"
#include "receiver/delivery/delivery.hpp"

namespace hearthmail::receiver::smtp {

// Sent instead of the greeting when there are too many connections (ListenOptions::refusal).
constexpr const char* kTooManyConnections = "421 4.7.0 Too many connections, try again later\r\n";

// What port 25 offers: strict line endings (550 5.6.0 for a bare CR or LF), no AUTH, no DSN.
hearthmail::smtp::ServerOptions smtp_options();

// Serves one client from the greeting to the end of its connection. Never fails; closes the stream itself. `loop` is the
// one that it runs on; `delivery` outlives it.
base::Task<void> serve_smtp(net::Loop& loop, std::unique_ptr<net::Stream> stream, delivery::Delivery& delivery);

}  // namespace hearthmail::receiver::smtp
