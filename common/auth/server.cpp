// The server's half: SCRAM, PLAIN and LOGIN.
#include <utility>

#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"

namespace hearthmail::auth {

using base::Errc;
using base::Error;
using base::Result;

namespace {

SaslStep ask(std::string_view prompt) {
  SaslStep step;
  step.challenge = base::base64(prompt);
  return step;
}

SaslStep finished(std::string login, std::string password) {
  SaslStep step;
  step.done = true;
  step.login = std::move(login);
  step.password = base::Secret(std::move(password));
  return step;
}

}  // namespace

std::string_view ServerSasl::offered(bool with_exporter) {
  return with_exporter ? "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN" : "SCRAM-SHA-256 PLAIN LOGIN";
}

Result<ServerSasl> ServerSasl::start(std::string_view mechanism, std::string exporter, ScramServer::Find find) {
  const bool plus = base::iequals(mechanism, "SCRAM-SHA-256-PLUS");
  if (find && ((plus && !exporter.empty()) || base::iequals(mechanism, "SCRAM-SHA-256"))) {
    ServerSasl sasl(State::Scram);
    sasl.scram_ = std::make_unique<ScramServer>(plus, std::move(exporter), std::move(find));
    return sasl;
  }
  if (base::iequals(mechanism, "PLAIN")) return ServerSasl(State::Plain);
  if (base::iequals(mechanism, "LOGIN")) return ServerSasl(State::LoginUser);
  return Error{Errc::Unsupported, "SASL mechanism " + base::printable(mechanism, 40) + " is not offered; use PLAIN"};
}

Result<SaslStep> ServerSasl::begin(std::optional<std::string_view> initial) {
  if (!initial) return state_ == State::LoginUser ? ask("Username:") : ask("");
  if (*initial == "=") return take("");  // RFC 4954 §4: an empty initial response
  return next(*initial);
}

Result<SaslStep> ServerSasl::next(std::string_view line) {
  if (line.size() > kMaxSaslLine) {
    state_ = State::Over;
    return Error{Errc::OverLimit, "SASL response over " + std::to_string(kMaxSaslLine) + " octets"};
  }
  if (line == "*") {  // RFC 4954 §4, RFC 9051 §6.2.2
    state_ = State::Over;
    return Error{Errc::Invalid, "the client cancelled the authentication"};
  }
  const auto octets = base::unbase64(line);
  if (!octets) {
    state_ = State::Over;
    return Error{Errc::Invalid, "SASL response is not base64"};
  }
  return take(*octets);
}

Result<SaslStep> ServerSasl::take(std::string_view octets) {
  switch (state_) {
    case State::Plain: return take_plain(octets);
    case State::LoginUser:
    case State::LoginPassword: return take_login(octets);
    case State::Scram: return take_scram(octets);
    case State::Over: break;
  }
  return Error{Errc::Invalid, "the SASL exchange is over"};
}

Result<SaslStep> ServerSasl::take_scram(std::string_view octets) {
  state_ = State::Over;
  TRY_ASSIGN(const auto next, scram_->take(octets));
  SaslStep step;
  step.done = next.over;
  if (next.over) {
    step.login = scram_->login();
    step.proved = next.proved;
  } else {
    step.challenge = base::base64(next.message);
    state_ = State::Scram;
  }
  return step;
}

// message = [authzid] UTF8NUL authcid UTF8NUL passwd, RFC 4616 §2. The password may hold anything but NUL.
Result<SaslStep> ServerSasl::take_plain(std::string_view octets) {
  state_ = State::Over;
  const auto fields = base::split(octets, '\0');
  if (fields.size() != 3) return Error{Errc::Invalid, "PLAIN response has not three fields"};
  if (fields[1].empty() || fields[2].empty()) return Error{Errc::Invalid, "PLAIN response without name or password"};
  if (!base::is_utf8(octets)) return Error{Errc::Invalid, "PLAIN response is not UTF-8"};
  if (!fields[0].empty() && !base::iequals(fields[0], fields[1])) {
    return Error{Errc::Denied, "the authorisation identity is not the login; leave it empty"};
  }
  return finished(std::string(fields[1]), std::string(fields[2]));
}

Result<SaslStep> ServerSasl::take_login(std::string_view octets) {
  const State at = std::exchange(state_, State::Over);
  if (octets.empty() || octets.find('\0') != std::string_view::npos || !base::is_utf8(octets)) {
    return Error{Errc::Invalid, "LOGIN response is empty or not UTF-8 text"};
  }
  if (at == State::LoginUser) {
    login_ = octets;
    state_ = State::LoginPassword;
    return ask("Password:");
  }
  return finished(std::move(login_), std::string(octets));
}

}  // namespace hearthmail::auth
