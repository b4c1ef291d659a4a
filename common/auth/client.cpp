// The client's half: PLAIN, LOGIN, CRAM-MD5, and the choice among what both sides know.
#include <algorithm>
#include <array>
#include <utility>

#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"

namespace hearthmail::auth {

using base::Errc;
using base::Error;
using base::Result;
using base::Secret;
using base::Status;

namespace {

// RFC 4616 §2: no authorisation identity; the server derives it from the login.
class Plain : public ClientMechanism {
 public:
  Plain(std::string user, Secret password) : user_(std::move(user)), password_(std::move(password)) {}
  std::string_view name() const override { return "PLAIN"; }
  std::optional<std::string> initial_response() override {
    if (std::exchange(answered_, true)) return std::nullopt;
    return message();
  }
  Result<std::string> respond(std::string_view) override {
    if (std::exchange(answered_, true)) return Error{Errc::Protocol, "PLAIN: the server asked a second time"};
    return message();
  }
  Status finish() override {
    if (!answered_) return Error{Errc::Protocol, "PLAIN: the server was content before it saw the password"};
    return base::ok();
  }

 private:
  std::string message() const {
    std::string out(1, '\0');
    out += user_;
    out += '\0';
    out += password_.reveal();
    return out;
  }
  std::string user_;
  Secret password_;
  bool answered_ = false;
};

// draft-murchison-sasl-login: name, then password, whatever the prompts say.
class Login : public ClientMechanism {
 public:
  Login(std::string user, Secret password) : user_(std::move(user)), password_(std::move(password)) {}
  std::string_view name() const override { return "LOGIN"; }
  std::optional<std::string> initial_response() override { return std::nullopt; }
  Result<std::string> respond(std::string_view) override {
    switch (answers_++) {
      case 0: return user_;
      case 1: return std::string(password_.reveal());
    }
    return Error{Errc::Protocol, "LOGIN: the server asked a third time"};
  }
  Status finish() override {
    if (answers_ != 2) return Error{Errc::Protocol, "LOGIN: the server was content before it saw the password"};
    return base::ok();
  }

 private:
  std::string user_;
  Secret password_;
  int answers_ = 0;
};

// RFC 2195 §2: user SP HMAC-MD5(password, challenge) in lower-case hex.
class CramMd5 : public ClientMechanism {
 public:
  CramMd5(std::string user, Secret password) : user_(std::move(user)), password_(std::move(password)) {}
  std::string_view name() const override { return "CRAM-MD5"; }
  std::optional<std::string> initial_response() override { return std::nullopt; }
  Result<std::string> respond(std::string_view challenge) override {
    if (std::exchange(answered_, true)) return Error{Errc::Protocol, "CRAM-MD5: the server asked a second time"};
    if (challenge.empty()) return Error{Errc::Protocol, "CRAM-MD5: the server's challenge is empty"};
    return user_ + ' ' + base::hex(crypto::hmac_md5(password_.reveal(), challenge));
  }
  Status finish() override {
    if (!answered_) return Error{Errc::Protocol, "CRAM-MD5: the server was content without an answer"};
    return base::ok();
  }

 private:
  std::string user_;
  Secret password_;
  bool answered_ = false;
};

std::unique_ptr<ClientMechanism> make_scram(std::string user, Secret password) {
  return make_scram_sha256(std::move(user), std::move(password));
}

struct Known {
  std::string_view name;
  bool cleartext;  // the password itself crosses the stream
  std::unique_ptr<ClientMechanism> (*make)(std::string, Secret);
};

// Strongest first.
constexpr std::array<Known, 4> kKnown{{
    {"SCRAM-SHA-256", false, make_scram},
    {"CRAM-MD5", false, make_cram_md5},
    {"PLAIN", true, make_plain},
    {"LOGIN", true, make_login},
}};

bool contains(const std::vector<std::string>& offered, std::string_view name) {
  return std::any_of(offered.begin(), offered.end(), [&](const auto& one) { return base::iequals(one, name); });
}

std::string in_words(const std::vector<std::string>& offered) {
  return offered.empty() ? "nothing" : base::printable(base::join(offered, " "));
}

// Why nothing could be chosen, and what the operator does about it.
Error no_choice(const std::vector<std::string>& offered, std::string_view pinned, bool cleartext_allowed) {
  std::string text = "no common SASL mechanism: the server offers " + in_words(offered) + ", ";
  if (!pinned.empty())
    return {Errc::Unsupported, text + "the route pins " + std::string(pinned) + "; change its auth key"};
  text += "we know SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN";
  if (!cleartext_allowed && (contains(offered, "PLAIN") || contains(offered, "LOGIN"))) {
    text += ", and PLAIN and LOGIN are not used without TLS";
  }
  return {Errc::Unsupported, std::move(text)};
}

}  // namespace

std::unique_ptr<ClientMechanism> make_plain(std::string user, Secret password) {
  return std::make_unique<Plain>(std::move(user), std::move(password));
}
std::unique_ptr<ClientMechanism> make_login(std::string user, Secret password) {
  return std::make_unique<Login>(std::move(user), std::move(password));
}
std::unique_ptr<ClientMechanism> make_cram_md5(std::string user, Secret password) {
  return std::make_unique<CramMd5>(std::move(user), std::move(password));
}

Result<std::unique_ptr<ClientMechanism>> choose_mechanism(const std::vector<std::string>& offered,
                                                          std::string_view pinned, bool cleartext_allowed,
                                                          std::string user, Secret password) {
  const auto known = [](std::string_view name) {
    return std::any_of(kKnown.begin(), kKnown.end(), [&](const Known& one) { return base::iequals(one.name, name); });
  };
  if (!pinned.empty() && !known(pinned)) {
    return Error{Errc::Invalid, "unknown SASL mechanism " + base::printable(pinned, 40) +
                                    "; use scram-sha-256, cram-md5, plain, login or none"};
  }
  for (const Known& candidate : kKnown) {
    if (!pinned.empty() && !base::iequals(candidate.name, pinned)) continue;
    if (candidate.cleartext && !cleartext_allowed) continue;
    if (contains(offered, candidate.name)) return candidate.make(std::move(user), std::move(password));
  }
  return no_choice(offered, pinned, cleartext_allowed);
}

}  // namespace hearthmail::auth
