// POP3: one session from greeting to QUIT. RFC 1939; CAPA RFC 2449; STLS RFC 2595; AUTH RFC 5034; UTF8 RFC 6856;
// response codes RFC 2449 §8, RFC 3206.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "common/auth/authenticator.hpp"
#include "common/base/clock.hpp"
#include "common/base/task.hpp"
#include "common/net/loop.hpp"
#include "common/net/stream.hpp"
#include "receiver/pop3/maildrops.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver::pop3 {

constexpr std::size_t kMaxLineBeforeLogin = 512;      // octets incl. CRLF; RFC 2449 §4 asks for 255 at least
constexpr std::size_t kMaxLineAfterLogin = 8'192;     // octets incl. CRLF
constexpr unsigned kMaxBadBeforeLogin = 3;            // bad commands, limits.md; then the session is closed
constexpr unsigned kMaxBadAfterLogin = 20;            // the same once logged in
constexpr unsigned kMaxLoginFailures = 3;             // wrong passwords; then the session is closed
constexpr std::size_t kChunk = 64 * 1024;             // octets of a message read per transaction and written at once
constexpr std::chrono::minutes kIdleTimeout{10};      // RFC 1939 §3: at least 10 minutes
constexpr std::chrono::minutes kHandshakeTimeout{1};  // for STLS

using Pause = std::function<base::Task<void>(std::chrono::milliseconds)>;

// What a session needs of its program. All of it outlives every session.
struct Services {
  store::mail::Store& store;
  auth::Authenticator& authenticator;
  Maildrops& maildrops;
  const base::Clock& clock;
  Pause pause;                           // how a failed login waits; empty: on the session's loop
  bool clear_login_on_loopback = false;  // peers on this machine may log in without TLS
};

// Serves one client; returns when the session is over and the stream is closed. Runs on `loop`. Implicit TLS or none: the
// stream says; STLS is offered when stream->can_start_tls(). A fit for net::Session:
//   [&](net::Loop& loop, std::unique_ptr<net::Stream> stream) { return serve_pop3(loop, std::move(stream), services); }
base::Task<void> serve_pop3(net::Loop& loop, std::unique_ptr<net::Stream> stream, Services& services);

// The same without a loop, for tests; services.pause must be set.
base::Task<void> serve_pop3(std::unique_ptr<net::Stream> stream, Services& services);

}  // namespace hearthmail::receiver::pop3
