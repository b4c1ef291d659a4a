// SCRAM-SHA-256, the client's half: RFC 5802 with the hash of RFC 7677, no channel binding ("n,,").
#include <utility>

#include "common/auth/sasl.hpp"
#include "common/auth/saslprep.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"

namespace hearthmail::auth {

using base::Errc;
using base::Error;
using base::Result;
using base::Secret;
using base::Status;

namespace {

constexpr std::string_view kGs2Header = "n,,";  // RFC 5802 §7: the client does not support channel binding

// What SASLprep prohibits is sent as it is: the server says what it thinks of it.
std::string prepared(std::string_view text) { return saslprep(text).value_or(std::string(text)); }

// saslname: prepared, then "," and "=" are escaped, RFC 5802 §5.1.
std::string saslname(std::string_view user) {
  std::string out;
  for (const char c : prepared(user)) {
    if (c == ',') out += "=2C";
    else if (c == '=') out += "=3D";
    else out += c;
  }
  return out;
}

std::string exclusive_or(std::string_view a, std::string_view b) {
  std::string out(a);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ b[i]);
  return out;
}

// The value of attribute `name` in "a=..,b=..", RFC 5802 §5.1; nullopt when it is not the next attribute of `in`.
std::optional<std::string_view> take_attribute(std::string_view& in, char name) {
  if (in.size() < 2 || in[0] != name || in[1] != '=') return std::nullopt;
  const auto comma = in.find(',');
  const auto value = in.substr(2, comma == std::string_view::npos ? comma : comma - 2);
  in = comma == std::string_view::npos ? std::string_view{} : in.substr(comma + 1);
  return value;
}

struct ServerFirst {
  std::string nonce;
  std::string salt;
  std::uint32_t iterations = 0;
};

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions], RFC 5802 §7. A mandatory
// extension ("m=") is one that we do not know, so the exchange fails (RFC 5802 §5.1).
Result<ServerFirst> parse_server_first(std::string_view in) {
  ServerFirst out;
  const auto nonce = take_attribute(in, 'r');
  const auto salt = nonce ? take_attribute(in, 's') : std::nullopt;
  const auto count = salt ? take_attribute(in, 'i') : std::nullopt;
  if (!count) return Error{Errc::Protocol, "SCRAM: the server's first message is malformed"};
  const auto octets = base::unbase64(*salt);
  const auto iterations = base::parse_u32(*count);
  if (!octets || octets->empty() || !iterations) {
    return Error{Errc::Protocol, "SCRAM: the server's salt or iteration count is malformed"};
  }
  if (*iterations < kLeastScramIterations || *iterations > kMostScramIterations) {
    return Error{Errc::Protocol, "SCRAM: the server asks for " + std::to_string(*iterations) +
                                     " iterations; accepted are " + std::to_string(kLeastScramIterations) + " to " +
                                     std::to_string(kMostScramIterations)};
  }
  out.nonce = *nonce;
  out.salt = *octets;
  out.iterations = *iterations;
  return out;
}

class Scram : public ClientMechanism {
 public:
  Scram(std::string user, Secret password, std::string nonce)
      : password_(std::move(password)),
        nonce_(nonce.empty() ? base::base64(crypto::random_octets(kScramNonce)) : std::move(nonce)),
        client_first_bare_("n=" + saslname(user) + ",r=" + nonce_) {}

  std::string_view name() const override { return "SCRAM-SHA-256"; }

  std::optional<std::string> initial_response() override {
    if (state_ != State::Start) return std::nullopt;
    state_ = State::ClientFirst;
    return std::string(kGs2Header) + client_first_bare_;
  }

  Result<std::string> respond(std::string_view challenge) override {
    switch (state_) {
      case State::Start:  // the protocol could not send an initial response: the first challenge is empty
        if (!challenge.empty()) return broken("SCRAM: the server speaks before the client");
        return *initial_response();
      case State::ClientFirst: return client_final(challenge);
      case State::ClientFinal: return check_signature(challenge);
      case State::Proved:
      case State::Broken: break;
    }
    return broken("SCRAM: the server goes on after the end");
  }

  Status finish() override {
    if (state_ == State::Proved) return base::ok();
    return Error{Errc::Denied, "SCRAM: the server reported success without proving that it knows the password"};
  }

 private:
  enum class State { Start, ClientFirst, ClientFinal, Proved, Broken };

  Error broken(std::string text) {
    state_ = State::Broken;
    return {Errc::Protocol, std::move(text)};
  }

  // RFC 5802 §3.
  Result<std::string> client_final(std::string_view server_first) {
    auto first = parse_server_first(server_first);
    if (!first.ok()) {
      state_ = State::Broken;
      return std::move(first).error();
    }
    if (!first->nonce.starts_with(nonce_) || first->nonce.size() == nonce_.size()) {
      return broken("SCRAM: the server's nonce does not extend ours");  // RFC 5802 §5.1
    }
    const std::string salted = crypto::pbkdf2_sha256(prepared(password_.reveal()), first->salt, first->iterations);
    const std::string client_key = crypto::hmac_sha256(salted, "Client Key");
    const std::string stored_key = crypto::sha256(client_key);
    const std::string without_proof = "c=" + base::base64(kGs2Header) + ",r=" + first->nonce;
    const std::string auth_message = client_first_bare_ + ',' + std::string(server_first) + ',' + without_proof;
    const std::string client_signature = crypto::hmac_sha256(stored_key, auth_message);
    server_signature_ = crypto::hmac_sha256(crypto::hmac_sha256(salted, "Server Key"), auth_message);
    state_ = State::ClientFinal;
    return without_proof + ",p=" + base::base64(exclusive_or(client_key, client_signature));
  }

  // server-final-message = (server-error / verifier), RFC 5802 §7.
  Result<std::string> check_signature(std::string_view server_final) {
    if (const auto reason = take_attribute(server_final, 'e')) {
      state_ = State::Broken;
      return Error{Errc::Denied, "SCRAM: the server refuses: " + base::printable(*reason, 60)};
    }
    const auto verifier = take_attribute(server_final, 'v');
    const auto octets = verifier ? base::unbase64(*verifier) : std::nullopt;
    if (!octets) return broken("SCRAM: the server's final message is malformed");
    if (!crypto::equal_constant_time(*octets, server_signature_)) {
      state_ = State::Broken;
      return Error{Errc::Denied, "SCRAM: the server's signature is wrong: it does not know the password"};
    }
    state_ = State::Proved;
    return std::string{};
  }

  Secret password_;
  std::string nonce_;
  std::string client_first_bare_;
  std::string server_signature_;
  State state_ = State::Start;
};

}  // namespace

std::unique_ptr<ClientMechanism> make_scram_sha256(std::string user, Secret password, std::string nonce) {
  return std::make_unique<Scram>(std::move(user), std::move(password), std::move(nonce));
}

}  // namespace hearthmail::auth
