// The dialer of real connections: TCP to a smarthost, or the unix socket of our receiver.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "common/crypto/tls.hpp"
#include "common/net/loop.hpp"
#include "common/smtp/client.hpp"

namespace hearthmail::smtp {

struct Target {
  std::string host;  // also the name that the certificate must carry
  std::uint16_t port = 0;
  std::string unix_path;  // set for a unix socket: host and port are not used
  std::chrono::seconds connect_limit{60};
};

// `tls` may be null when no route of this dialer uses TLS; otherwise it must outlive the dialer.
std::unique_ptr<Dialer> make_dialer(net::Loop& loop, Target target, const crypto::TlsClient* tls);

}  // namespace hearthmail::smtp
