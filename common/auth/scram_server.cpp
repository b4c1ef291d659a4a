#include "common/auth/scram_server.hpp"

#include <utility>

#include "common/auth/sasl.hpp"
#include "common/auth/saslprep.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"

namespace hearthmail::auth {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::string_view kScheme = "SCRAM-SHA-256$";
constexpr std::size_t kKey = 32;  // octets of a SHA-256

Error malformed(const char* what) { return {Errc::Invalid, std::string("SCRAM: ") + what}; }

// Cuts "x=value" off the front of comma-separated attributes, RFC 5802 §5.1.
std::optional<std::string_view> take_attribute(std::string_view& in, char name) {
  if (in.size() < 2 || in[0] != name || in[1] != '=') return std::nullopt;
  const auto comma = in.find(',');
  const auto value = in.substr(2, comma == std::string_view::npos ? comma : comma - 2);
  in = comma == std::string_view::npos ? std::string_view{} : in.substr(comma + 1);
  return value;
}

// saslname: "=2C" and "=3D" only, then prepared, RFC 5802 §5.1.
std::optional<std::string> plain_name(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '=') {
      out += name[i];
    } else if (name.substr(i, 3) == "=2C" || name.substr(i, 3) == "=3D") {
      out += name[i + 1] == '2' ? ',' : '=';
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  auto prepared = saslprep(out);
  if (!prepared || prepared->empty()) return std::nullopt;
  return prepared;
}

bool is_printable_ascii(std::string_view text) {
  for (const char c : text) {
    if (c < '!' || c > '~') return false;
  }
  return !text.empty();
}

}  // namespace

std::string make_scram_verifier(std::string_view password) {
  const auto prepared = saslprep(password);  // RFC 5802 §2.2, Normalize
  if (!prepared) return {};
  const std::string salt = crypto::random_octets(kScramSalt);
  const std::string salted = crypto::pbkdf2_sha256(*prepared, salt, kScramIterations);
  const std::string stored = crypto::sha256(crypto::hmac_sha256(salted, "Client Key"));
  const std::string server = crypto::hmac_sha256(salted, "Server Key");
  return std::string(kScheme) + std::to_string(kScramIterations) + ':' + base::base64(salt) + '$' +
         base::base64(stored) + ':' + base::base64(server);
}

std::optional<ScramVerifier> parse_scram_verifier(std::string_view text) {
  if (!text.starts_with(kScheme)) return std::nullopt;
  const auto parts = base::split(text.substr(kScheme.size()), '$');
  if (parts.size() != 2) return std::nullopt;
  const auto made = base::split(parts[0], ':');
  const auto keys = base::split(parts[1], ':');
  if (made.size() != 2 || keys.size() != 2) return std::nullopt;
  const auto iterations = base::parse_u32(made[0]);
  const auto salt = base::unbase64(made[1]);
  const auto stored = base::unbase64(keys[0]);
  const auto server = base::unbase64(keys[1]);
  if (!iterations || *iterations == 0 || !salt || salt->empty() || !stored || !server) return std::nullopt;
  if (stored->size() != kKey || server->size() != kKey) return std::nullopt;
  return ScramVerifier{*iterations, *salt, *stored, *server};
}

ScramServer::ScramServer(bool plus, std::string exporter, Find find, std::string nonce)
    : plus_(plus),
      exporter_(std::move(exporter)),
      find_(std::move(find)),
      nonce_(nonce.empty() ? base::base64(crypto::random_octets(kScramNonce)) : std::move(nonce)) {}

Result<ScramServer::Step> ScramServer::take(std::string_view message) {
  if (message.size() > kMaxScramMessage) return malformed("the message is too long");
  switch (std::exchange(state_, State::Over)) {
    case State::First: return take_first(message);
    case State::Final: return take_final(message);
    case State::Acknowledge:
      if (!message.empty()) return malformed("nothing but an empty response follows the server's signature");
      return Step{{}, true, true};
    case State::Over: break;
  }
  return malformed("the exchange is over");
}

// client-first-message = gs2-header client-first-message-bare, RFC 5802 §7.
Result<ScramServer::Step> ScramServer::take_first(std::string_view message) {
  const auto first_comma = message.find(',');
  const auto second_comma = first_comma == std::string_view::npos ? first_comma : message.find(',', first_comma + 1);
  if (second_comma == std::string_view::npos) return malformed("the client's first message has no header");
  const std::string_view flag = message.substr(0, first_comma);
  const std::string_view identity = message.substr(first_comma + 1, second_comma - first_comma - 1);
  gs2_header_ = message.substr(0, second_comma + 1);
  const bool binds = flag == "p=" + std::string(kChannelBinding);
  if (plus_ ? !binds : flag != "n" && flag != "y") return malformed("that channel binding is not offered");
  // RFC 5802 §6: "y" says that we do not offer it; when we do, somebody in between took it off the list.
  if (flag == "y" && !exporter_.empty()) return malformed("channel binding is offered here");
  std::string_view rest = message.substr(second_comma + 1);
  first_bare_ = rest;
  const auto user = take_attribute(rest, 'n');  // "m=" before it is an extension that must be understood: none is
  const auto nonce = user ? take_attribute(rest, 'r') : std::nullopt;
  if (!nonce || !is_printable_ascii(*nonce)) return malformed("the client's first message has no name or nonce");
  const auto name = plain_name(*user);
  if (!name) return malformed("the name is not well-formed");
  if (!identity.empty()) {
    const auto acts_as = identity.starts_with("a=") ? plain_name(identity.substr(2)) : std::nullopt;
    if (!acts_as) return malformed("the authorisation identity is not well-formed");
    if (!base::iequals(*acts_as, *name)) return Error{Errc::Denied, "the authorisation identity is not the login"};
  }
  login_ = *name;
  TRY_ASSIGN(verifier_, find_(login_));
  nonce_ = std::string(*nonce) + nonce_;
  server_first_ = "r=" + nonce_ + ",s=" + base::base64(verifier_.salt) + ",i=" + std::to_string(verifier_.iterations);
  state_ = State::Final;
  return Step{server_first_, false, false};
}

// client-final-message = channel-binding "," nonce ["," extensions] "," proof, RFC 5802 §7.
Result<ScramServer::Step> ScramServer::take_final(std::string_view message) {
  const auto proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return malformed("the client's final message has no proof");
  std::string_view rest = message.substr(0, proof_at);
  const auto binding = take_attribute(rest, 'c');
  const auto nonce = binding ? take_attribute(rest, 'r') : std::nullopt;
  const auto proof = base::unbase64(message.substr(proof_at + 3));
  if (!nonce || !proof || proof->size() != kKey) return malformed("the client's final message is malformed");
  if (*nonce != nonce_) return malformed("the nonce is not the one of this exchange");
  const std::string bound = gs2_header_ + (plus_ ? exporter_ : std::string());
  const bool right_channel = crypto::equal_constant_time(base::base64(bound), *binding);
  const std::string auth_message = first_bare_ + ',' + server_first_ + ',' + std::string(message.substr(0, proof_at));
  std::string client_key = crypto::hmac_sha256(verifier_.stored_key, auth_message);
  for (std::size_t i = 0; i < kKey; ++i) client_key[i] = static_cast<char>(client_key[i] ^ (*proof)[i]);
  const bool proved = crypto::equal_constant_time(crypto::sha256(client_key), verifier_.stored_key);
  if (!proved || !right_channel) return Step{{}, true, false};
  state_ = State::Acknowledge;
  return Step{"v=" + base::base64(crypto::hmac_sha256(verifier_.server_key, auth_message)), false, false};
}

}  // namespace hearthmail::auth
