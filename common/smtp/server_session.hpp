// The server's side of an SMTP, LMTP or submission connection: one coroutine, three policies.
#pragma once

#include <memory>

#include "common/base/clock.hpp"
#include "common/base/task.hpp"
#include "common/net/stream.hpp"
#include "common/smtp/server_policy.hpp"

namespace hearthmail::smtp {

// Serves one client until it quits, goes away, floods or times out, then closes the stream. `policy` and `clock` outlive
// it. Runs on the stream's loop.
//
// Replies are collected and sent when there is no more input to look at (RFC 2920 §3.2). Time: a command line
// kCommandTimeout in all, a message kDataBlockTimeout per read and kMessageTimeout in all; who is late is told 421
// (RFC 5321 §3.8). STARTTLS drops everything that was received before the handshake and forgets what was said (RFC 3207
// §4.2). A line that ends with a bare LF is never run. Octets of a refused DATA or BDAT are drained, so that they never
// run as commands.
base::Task<void> serve(std::unique_ptr<net::Stream> stream, ServerPolicy& policy, const base::Clock& clock);

}  // namespace hearthmail::smtp
