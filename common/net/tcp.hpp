// Streams over TCP and unix sockets, and how to open them. Implemented on libuv; TLS through common/crypto's engine.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "common/net/loop.hpp"
#include "common/net/stream.hpp"

namespace hearthmail::crypto {
class TlsServer;  // certificate and key, reloaded when the file changes; common/crypto/tls.hpp
class TlsClient;  // trust store and verification rules
}  // namespace hearthmail::crypto

namespace hearthmail::net {

// How long a TLS handshake may take in all, whatever the peer sends meanwhile.
constexpr std::chrono::seconds kHandshakeLimit{30};

// Connects to host:port: resolves (getaddrinfo off the loop), tries the addresses in order, one deadline for all.
// The stream is plain. Errors: NotFound (name does not resolve), Unavailable (refused, unreachable), Timeout; the text
// names host and port.
base::Task<base::Result<std::unique_ptr<Stream>>> connect_tcp(Loop& loop, std::string host, std::uint16_t port,
                                                              std::chrono::milliseconds limit);
base::Task<base::Result<std::unique_ptr<Stream>>> connect_unix(Loop& loop, std::string path,
                                                               std::chrono::milliseconds limit);

// Runs the client's handshake over `plain` and takes it over. `server_name` is sent as SNI and verified against the
// certificate (RFC 9525) as `client` asks. The new stream has no timeout: set one. Errors: Protocol with OpenSSL's words and what to do, Timeout, Closed.
base::Task<base::Result<std::unique_ptr<Stream>>> start_tls_client(std::unique_ptr<Stream> plain,
                                                                   const crypto::TlsClient& client,
                                                                   std::string server_name);

}  // namespace hearthmail::net
