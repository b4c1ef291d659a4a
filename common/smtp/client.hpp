// The SMTP and LMTP client: one connection to a smarthost or to our own receiver, one transaction after another. It reports
// what was answered to each recipient and where a session broke; what that means is the caller's business.
//
// TLS is never optional: a route is implicit TLS, STARTTLS required, or (a loopback host only, checked by the caller)
// plain. When credentials are set and the peer does not take them, nothing is sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/task.hpp"
#include "common/net/stream.hpp"
#include "common/smtp/dialog.hpp"
#include "common/smtp/reply.hpp"

namespace hearthmail::smtp {

// How long each answer may take, RFC 5321 §4.5.3.2.
struct ClientTimeouts {
  std::chrono::seconds connect{60};     // TCP and TLS; the RFC sets none
  std::chrono::seconds greeting{300};   // §4.5.3.2.1
  std::chrono::seconds hello{300};      // EHLO, STARTTLS, each step of AUTH, RSET
  std::chrono::seconds mail{300};       // §4.5.3.2.2
  std::chrono::seconds rcpt{300};       // §4.5.3.2.3
  std::chrono::seconds data{120};       // §4.5.3.2.4
  std::chrono::seconds block{180};      // one write of the message, §4.5.3.2.5
  std::chrono::seconds final_dot{600};  // §4.5.3.2.6: shorter ones make duplicates
  std::chrono::seconds quit{5};         // nothing is lost when QUIT is not answered
};

enum class Security { Implicit, StartTls, None };

struct ClientOptions {
  std::string hello;  // our name in EHLO
  Security security = Security::Implicit;
  bool lmtp = false;  // LHLO and one final reply per recipient, RFC 2033
  std::string user;   // empty: no AUTH
  base::Secret password;
  std::string auth;  // "": best of what both know; else the one mechanism; "none": no AUTH
  ClientTimeouts timeouts;
};

// Opens the connection and turns it into TLS; an interface so that sessions run on scripted streams.
class Dialer {
 public:
  virtual ~Dialer() = default;
  virtual base::Task<base::Result<std::unique_ptr<net::Stream>>> dial() = 0;
  // Client's TLS handshake with verification over `plain`.
  virtual base::Task<base::Result<std::unique_ptr<net::Stream>>> secure(std::unique_ptr<net::Stream> plain) = 0;
};

// The message, from its first octet on. next() gives the next piece; an empty one is the end.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual base::Result<std::string> next() = 0;
};

// The session broke or was refused: where, by which reply (if one), and why in words for the operator, without secrets.
struct SessionFault {
  Stage stage = Stage::Connect;
  std::optional<Reply> reply;
  base::Error error;
};

// What became of one transaction.
struct Transfer {
  std::vector<Answer> answers;        // one per recipient of the envelope
  std::vector<std::size_t> accepted;  // those taken at RCPT
  std::optional<SessionFault> fault;  // the connection is gone; recipients without a reply were not decided
  bool dot_sent = false;              // with a fault: accepted recipients without a reply are in doubt
  bool local_fault = false;           // our own side (body or commit) failed, not the peer
  bool stale = false;                 // the connection, used before, had ended: nothing was offered; take another one
};

// Commits "the final dot is about to be sent" for these recipients of the envelope. On an error the dot is not sent and the
// connection is closed, which makes the peer drop the message (RFC 5321 §4.1.1.10).
using BeforeFinalDot = std::function<base::Task<base::Status>(std::vector<std::size_t> accepted)>;

// One connection. Not thread-safe; lives on its stream's loop.
class Client {
 public:
  // Both must outlive the client.
  Client(Dialer& dialer, const ClientOptions& options) : dialer_(dialer), options_(options) {}

  // Connects, greets, secures, authenticates. nullopt: ready for send().
  base::Task<std::optional<SessionFault>> open();
  // One transaction. After an earlier one, or when the connection `rested`, RSET goes first, which also finds out whether
  // the connection still lives.
  base::Task<Transfer> send(OutgoingEnvelope envelope, BodySource& body, BeforeFinalDot before, bool rested = false);
  // QUIT, then closes. Never fails.
  base::Task<void> quit();
  // Closes at once; a pending send() ends with a fault.
  void close();

  const Capabilities& peer() const { return peer_; }
  // Open, and both sides agree that no transaction is under way.
  bool reusable() const { return open_; }
  std::uint32_t transactions() const { return transactions_; }

 private:
  using Fault = std::optional<SessionFault>;
  base::Task<Fault> connect();
  base::Task<Fault> greet();
  base::Task<Fault> hello();
  base::Task<Fault> start_tls();
  base::Task<Fault> secure();
  base::Task<Fault> authenticate();
  base::Task<base::Result<Reply>> read_reply(std::chrono::seconds limit);
  base::Task<base::Result<Reply>> command(std::string line);
  base::Task<Fault> step(Dialog& dialog, BodySource& body, const BeforeFinalDot& before, bool& local_fault);
  base::Task<Fault> read_answer(Dialog& dialog);
  base::Task<Fault> send_body(Dialog& dialog, BodySource& body, const BeforeFinalDot& before, bool& local_fault);
  std::chrono::seconds limit_of(Stage stage) const;

  Dialer& dialer_;
  const ClientOptions& options_;
  std::unique_ptr<net::Stream> stream_;
  ReplyParser parser_;
  Capabilities peer_;
  bool open_ = false;
  bool closed_ = false;  // close() was called: do not dial again
  std::uint32_t transactions_ = 0;
};

}  // namespace hearthmail::smtp
