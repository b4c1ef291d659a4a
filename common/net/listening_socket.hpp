// Private to common/net: a bound, listening, non-blocking socket.
#pragma once

#include "common/base/result.hpp"
#include "common/net/listener.hpp"

namespace hearthmail::net {

// Listens on a TCP address or a unix path. "::" takes IPv4 connections too, unless another socket has that port of IPv4
// already. Errors: Invalid (no address), Exists (in use), Denied (a port that needs privileges), Unavailable.
base::Result<int> listen_on(const Endpoint& endpoint);
// The port that the kernel chose; 0 for a unix socket.
std::uint16_t port_of(int fd);
// "127.0.0.1:25", "[::1]:25", "unix:/run/x".
std::string text_of(const Endpoint& endpoint);

}  // namespace hearthmail::net
