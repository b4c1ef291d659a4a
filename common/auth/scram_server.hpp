// The server's half of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS: RFC 5802, RFC 7677, bound to the TLS connection by tls-exporter
// (RFC 9266). What the store keeps of a password for it is a verifier: it proves the client and cannot be sent in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::auth {

// Of a new verifier; RFC 7677 §4: at least 4,096. About 7 ms for the client.
constexpr std::uint32_t kScramIterations = 20'000;
constexpr std::size_t kScramSalt = 16;                        // octets
constexpr std::size_t kMaxScramMessage = 2'048;               // octets of one message of the client, decoded
constexpr std::string_view kChannelBinding = "tls-exporter";  // RFC 9266 §2

// StoredKey and ServerKey of RFC 5802 §3 with what they were made of.
struct ScramVerifier {
  std::uint32_t iterations = kScramIterations;
  std::string salt;
  std::string stored_key;
  std::string server_key;
};
// As the accounts keep it, RFC 5803 §2: "SCRAM-SHA-256$20000:<salt>$<StoredKey>:<ServerKey>", base64. Empty for a password
// that SASLprep prohibits (RFC 4013 §2.3): no client could send its proof.
std::string make_scram_verifier(std::string_view password);
// Nothing when `text` is none.
std::optional<ScramVerifier> parse_scram_verifier(std::string_view text);

// One exchange. Octets are raw; the protocol does the base64. The session owns it.
class ScramServer {
 public:
  // The verifier of a login; of one that is unknown or has none, one that nothing satisfies and that is the same each time.
  using Find = std::function<base::Result<ScramVerifier>(const std::string& login)>;

  // `exporter`: the connection's tls-exporter value, empty when there is none; `plus`: the mechanism is the -PLUS one.
  // `nonce` is for tests; empty means a random one.
  ScramServer(bool plus, std::string exporter, Find find, std::string nonce = {});

  // What to do with the client's next message.
  struct Step {
    std::string message;  // to send; empty when `over`
    bool over = false;    // the client has had its last word
    bool proved = false;  // with over: it knows the password
  };
  // Errors: Invalid (malformed, or it asks for what is not offered), Denied (another authorisation identity), those of Find.
  base::Result<Step> take(std::string_view message);
  const std::string& login() const { return login_; }

 private:
  enum class State { First, Final, Acknowledge, Over };
  base::Result<Step> take_first(std::string_view message);
  base::Result<Step> take_final(std::string_view message);

  bool plus_;
  std::string exporter_;
  Find find_;
  std::string nonce_;
  State state_ = State::First;
  std::string login_;
  std::string gs2_header_;
  std::string first_bare_;
  std::string server_first_;
  ScramVerifier verifier_;
};

}  // namespace hearthmail::auth
