// SASL (RFC 4422) as pure state machines: no sockets, no base64 of the client's side, no lookups.
//
// Server side: ServerSasl, the same for SMTP, IMAP and POP3. Client side: ClientMechanism, for the relay's smarthosts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/scram_server.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace hearthmail::auth {

constexpr std::size_t kMaxSaslLine = 12'288;  // octets of one base64 line without CRLF, RFC 4954 §4

// ---- server ----------------------------------------------------------------------------------------------------

// What the server has to do next.
struct SaslStep {
  bool done = false;
  std::string challenge;  // when not done: base64, to send after "334 " or "+ " (may be empty)
  std::string login;      // when done: the authentication identity
  base::Secret password;  // when done; of PLAIN and LOGIN
  // When done; of SCRAM: whether the client proved that it knows the password.
  std::optional<bool> proved = std::nullopt;
};

// The server's half of SCRAM-SHA-256 and -PLUS (scram_server.hpp), PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login).
// Offer them inside TLS only.
//
//   auto sasl = ServerSasl::start(mechanism, exporter, find); // Unsupported: 504, NO
//   auto step = sasl->begin(initial_response);                // then, until step->done:
//   step = sasl->next(line);                                  // the peer's line without CRLF
//
// Errors of begin() and next(): Invalid (not base64, bad form, or the peer cancelled with "*"; 501 or BAD), OverLimit
// (kMaxSaslLine; 500 or BAD), Denied (an authorisation identity that is not the login: nobody acts for others here).
// After an error or done the exchange is over. Not thread-safe; the session owns it.
class ServerSasl {
 public:
  // `mechanism` in any case. `exporter`: net::TlsInfo's; -PLUS needs it. `find`: for SCRAM, which is unknown
  // without it. Errors: Unsupported.
  static base::Result<ServerSasl> start(std::string_view mechanism, std::string exporter = {},
                                        ScramServer::Find find = {});
  // What servers list in AUTH and CAPABILITY, strongest first; SCRAM-SHA-256-PLUS where there is an exporter value.
  static std::string_view offered(bool with_exporter = false);

  // `initial` is the initial response as received: base64, "=" for an empty one (RFC 4954 §4), nullopt for none.
  base::Result<SaslStep> begin(std::optional<std::string_view> initial);
  base::Result<SaslStep> next(std::string_view line);

 private:
  enum class State { Plain, LoginUser, LoginPassword, Scram, Over };
  explicit ServerSasl(State state) : state_(state) {}
  base::Result<SaslStep> take_scram(std::string_view octets);
  base::Result<SaslStep> take(std::string_view octets);
  base::Result<SaslStep> take_plain(std::string_view octets);
  base::Result<SaslStep> take_login(std::string_view octets);

  State state_;
  std::string login_;
  std::unique_ptr<ScramServer> scram_;
};

// ---- client ----------------------------------------------------------------------------------------------------

// The client's half of one mechanism. All octets are raw: the protocol does the base64. Not thread-safe.
class ClientMechanism {
 public:
  virtual ~ClientMechanism() = default;
  virtual std::string_view name() const = 0;  // "SCRAM-SHA-256"
  // What may be sent together with the command; nullopt when the mechanism waits for a challenge first.
  virtual std::optional<std::string> initial_response() = 0;
  // The answer to one challenge. Errors: Protocol (the server's challenge breaks the mechanism, or asks too much of us),
  // Denied (the server does not know the password either, or said so). On an error send "*" and close.
  virtual base::Result<std::string> respond(std::string_view challenge) = 0;
  // Call when the server has reported success. Denied when it has not proved itself (SCRAM's server signature).
  virtual base::Status finish() = 0;
};

// SCRAM: iterations that we accept. RFC 7677 §4 asks for at least 4,096; the upper bound keeps a hostile server from
// holding our loop (about 0.2 s).
constexpr std::uint32_t kLeastScramIterations = 4'096;
constexpr std::uint32_t kMostScramIterations = 600'000;
constexpr std::size_t kScramNonce = 18;  // random octets, 24 characters of base64

std::unique_ptr<ClientMechanism> make_plain(std::string user, base::Secret password);
std::unique_ptr<ClientMechanism> make_login(std::string user, base::Secret password);
std::unique_ptr<ClientMechanism> make_cram_md5(std::string user, base::Secret password);  // RFC 2195
// RFC 5802, RFC 7677, without channel binding. `nonce` is for tests; empty means a random one.
std::unique_ptr<ClientMechanism> make_scram_sha256(std::string user, base::Secret password, std::string nonce = {});

// Picks a mechanism and makes it. `offered`: the server's list, any case. `pinned`: "" for the strongest that both know
// (SCRAM-SHA-256, CRAM-MD5, PLAIN, LOGIN), else exactly that one (any case). `cleartext_allowed`: whether PLAIN and LOGIN
// may be used: the stream is TLS, or the operator asked for a plain loopback connection.
// There is one choice per connection: when the server then refuses it, the caller does not try a weaker one.
// Errors: Unsupported, with both lists in words and what to do; Invalid (unknown pinned name).
base::Result<std::unique_ptr<ClientMechanism>> choose_mechanism(const std::vector<std::string>& offered,
                                                                std::string_view pinned, bool cleartext_allowed,
                                                                std::string user, base::Secret password);

}  // namespace hearthmail::auth
