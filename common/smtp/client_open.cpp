// How a client's session begins: connect, greeting, EHLO, TLS, AUTH. Nothing here is optional by the peer's wish.
#include <utility>

#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"
#include "common/smtp/client.hpp"

namespace hearthmail::smtp {

using base::Errc;
using base::Error;
using base::Task;

namespace {

constexpr int kMaxAuthSteps = 8;  // challenges of one AUTH; the longest mechanism we know needs three

SessionFault broken(Stage stage, Error error) { return {stage, std::nullopt, std::move(error)}; }

SessionFault refused(Stage stage, Reply reply, std::string_view what) {
  std::string text = std::string(what) + ": " + reply.str();
  return {stage, std::move(reply), {Errc::Denied, std::move(text)}};
}

}  // namespace

Task<std::optional<SessionFault>> Client::open() {
  auto fault = co_await connect();
  if (!fault) {
    fault = co_await greet();
  }
  if (!fault) {
    fault = co_await hello();
  }
  if (!fault && options_.security == Security::StartTls) {
    fault = co_await start_tls();
  }
  if (!fault) {
    fault = co_await authenticate();
  }
  if (!fault && closed_) fault = broken(Stage::Connect, {Errc::Closed, "closed while the session was being opened"});
  if (fault) close();
  open_ = !fault;
  co_return fault;
}

Task<std::optional<SessionFault>> Client::connect() {
  auto stream = co_await dialer_.dial();
  if (!stream.ok()) co_return broken(Stage::Connect, stream.error());
  stream_ = std::move(*stream);
  if (options_.security != Security::Implicit) co_return std::nullopt;
  auto fault = co_await secure();
  co_return fault;
}

// Takes the plain stream into TLS; a stream that does not say that it is TLS afterwards is not used.
Task<std::optional<SessionFault>> Client::secure() {
  stream_->set_timeout(options_.timeouts.connect);
  std::unique_ptr<net::Stream> plain = std::move(stream_);
  auto stream = co_await dialer_.secure(std::move(plain));
  if (!stream.ok()) co_return broken(Stage::Tls, stream.error());
  stream_ = std::move(*stream);
  if (!stream_->tls().active) co_return broken(Stage::Tls, Error{Errc::Protocol, "the connection is not TLS"});
  co_return std::nullopt;
}

Task<std::optional<SessionFault>> Client::greet() {
  const std::chrono::seconds limit = options_.timeouts.greeting;
  auto reply = co_await read_reply(limit);
  if (!reply.ok()) co_return broken(Stage::Greeting, reply.error());
  if (!reply->positive()) co_return refused(Stage::Greeting, *reply, "the peer refuses the connection");
  co_return std::nullopt;
}

Task<std::optional<SessionFault>> Client::hello() {
  std::string line = (options_.lmtp ? "LHLO " : "EHLO ") + options_.hello;
  auto reply = co_await command(std::move(line));
  if (!reply.ok()) co_return broken(Stage::Ehlo, reply.error());
  // No fallback to HELO: a peer without EHLO can offer neither STARTTLS nor AUTH.
  if (!reply->positive()) co_return refused(Stage::Ehlo, *reply, "the peer refuses EHLO");
  peer_ = parse_capabilities(*reply);
  co_return std::nullopt;
}

Task<std::optional<SessionFault>> Client::start_tls() {
  if (!peer_.starttls) {
    co_return broken(Stage::StartTls,
                     Error{Errc::Unsupported,
                           "the peer does not offer STARTTLS; nothing is sent in clear. "
                           "Use smtps:// if it has implicit TLS, and check that nothing on the way strips "
                           "STARTTLS"});
  }
  auto reply = co_await command("STARTTLS");
  if (!reply.ok()) co_return broken(Stage::StartTls, reply.error());
  if (reply->code != 220) co_return refused(Stage::StartTls, *reply, "the peer refuses STARTTLS");
  if (!parser_.empty()) {  // RFC 3207 §4.2: octets in clear after the reply are somebody's injection
    co_return broken(Stage::StartTls,
                     Error{Errc::Protocol, "the peer sent octets in clear after its reply to STARTTLS"});
  }
  parser_ = ReplyParser{};
  peer_ = Capabilities{};  // RFC 3207 §4.2: what was learned before TLS is forgotten
  auto fault = co_await secure();
  if (fault) co_return fault;
  fault = co_await hello();  // RFC 3207 §4.2: EHLO again
  co_return fault;
}

// RFC 4954 §4. Credentials that are set must be taken by the peer, else nothing is sent.
Task<std::optional<SessionFault>> Client::authenticate() {
  if (options_.user.empty() || options_.auth == "none") co_return std::nullopt;
  const bool cleartext_allowed = stream_->tls().active || options_.security == Security::None;
  if (peer_.auth.empty()) {
    co_return broken(Stage::Auth, Error{Errc::Denied,
                                        "a user is set for this route but the peer offers no AUTH: refusing "
                                        "to send unauthenticated. Unset the user, or check host and port"});
  }
  auto mechanism =
      auth::choose_mechanism(peer_.auth, options_.auth, cleartext_allowed, options_.user, options_.password);
  if (!mechanism.ok()) co_return broken(Stage::Auth, mechanism.error());
  const auto initial = (*mechanism)->initial_response();
  std::string line = "AUTH " + std::string((*mechanism)->name());
  if (initial) line += initial->empty() ? " =" : " " + base::base64(*initial);
  for (int i = 0; i < kMaxAuthSteps; ++i) {
    auto reply = co_await command(std::move(line));
    if (!reply.ok()) co_return broken(Stage::Auth, reply.error());
    if (reply->positive()) {
      auto finished = (*mechanism)->finish();
      if (!finished.ok()) co_return broken(Stage::Auth, finished.error());
      co_return std::nullopt;
    }
    if (reply->code != 334) co_return refused(Stage::Auth, *reply, "the peer refuses our login");
    const auto challenge = base::unbase64(base::trim(reply->lines.front()));
    if (!challenge) co_return broken(Stage::Auth, Error{Errc::Protocol, "the peer's AUTH challenge is not base64"});
    auto response = (*mechanism)->respond(*challenge);
    if (!response.ok()) co_return broken(Stage::Auth, response.error());
    line = base::base64(*response);
  }
  co_return broken(Stage::Auth, Error{Errc::Protocol, "the peer's AUTH exchange does not end"});
}

}  // namespace hearthmail::smtp
