// Private to common/net: unix sockets that are bound to a path.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "common/base/result.hpp"

namespace hearthmail::net {

// Invalid when the path is too long for a socket address (107 octets).
base::Result<sockaddr_un> unix_address(const std::string& path);

// Makes a non-blocking socket of `type` and binds it to `path` with mode 0660. A socket there that nobody serves is
// removed first. Errors: Exists (somebody serves it, or it is no socket), Unavailable (with the system's words).
base::Result<int> bind_unix(const std::string& path, int type);

}  // namespace hearthmail::net
