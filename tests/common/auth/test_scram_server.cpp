#include "common/auth/scram_server.hpp"

#include <string>
#include <vector>

#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::auth;

namespace {

// RFC 7677 §3: user "user", password "pencil".
constexpr const char* kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

ScramVerifier pencil() {
  ScramVerifier verifier;
  verifier.iterations = 4096;
  verifier.salt = *base::unbase64("W22ZaJ0SNY7soEsUEjb6gQ==");
  const std::string salted = crypto::pbkdf2_sha256("pencil", verifier.salt, verifier.iterations);
  verifier.stored_key = crypto::sha256(crypto::hmac_sha256(salted, "Client Key"));
  verifier.server_key = crypto::hmac_sha256(salted, "Server Key");
  return verifier;
}

ScramServer::Find finds(const ScramVerifier& verifier) {
  return [verifier](const std::string&) -> base::Result<ScramVerifier> { return verifier; };
}

base::Errc error_of(const std::string& first, bool plus = false, const std::string& exporter = "") {
  ScramServer server(plus, exporter, finds(pencil()));
  const auto step = server.take(first);
  REQUIRE_FALSE(step.ok());
  return step.error().code;
}

// Our own client against our own server.
bool proves(const std::string& password, const ScramVerifier& verifier) {
  const auto client = make_scram_sha256("anna@example.test", base::Secret(password));
  ScramServer server(false, "", finds(verifier));
  auto step = server.take(*client->initial_response());
  REQUIRE(step.ok());
  const auto proof = client->respond(step->message);
  REQUIRE(proof.ok());
  step = server.take(*proof);
  REQUIRE(step.ok());
  if (step->over) return step->proved;
  const auto last = client->respond(step->message);
  REQUIRE(last.ok());
  CHECK(client->finish().ok());
  step = server.take(*last);
  REQUIRE(step.ok());
  CHECK(step->over);
  CHECK(server.login() == "anna@example.test");
  return step->proved;
}

}  // namespace

TEST_CASE("the example of RFC 7677 3", "[scram]") {
  ScramServer server(false, "", finds(pencil()), kServerNonce);
  auto step = server.take("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  REQUIRE(step.ok());
  CHECK(step->message == "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  step = server.take(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  REQUIRE(step.ok());
  CHECK(step->message == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  CHECK_FALSE(step->over);
  step = server.take("");
  REQUIRE(step.ok());
  CHECK(step->over);
  CHECK(step->proved);
  CHECK(server.login() == "user");
  CHECK_FALSE(server.take("").ok());
}

TEST_CASE("a verifier is kept as text and lets in its password only, RFC 5803 2", "[scram]") {
  const std::string text = make_scram_verifier("correct horse");
  CHECK(text.starts_with("SCRAM-SHA-256$20000:"));
  CHECK(make_scram_verifier("correct horse") != text);  // another salt
  const auto verifier = parse_scram_verifier(text);
  REQUIRE(verifier.has_value());
  CHECK(proves("correct horse", *verifier));
  CHECK_FALSE(proves("wrong horse", *verifier));
  for (const char* wrong :
       {"", "SCRAM-SHA-256$", "SCRAM-SHA-256$1:YQ==$YQ==:YQ==", "SCRAM-SHA-1$4096:YQ==$YQ==:YQ==", "$argon2id$v=19"}) {
    CHECK_FALSE(parse_scram_verifier(wrong).has_value());
  }
}

TEST_CASE("first messages that break the rules, RFC 5802 5.1, 6, 7", "[scram]") {
  for (const char* wrong :
       {"", "n", "n,", "n,,", "n,,n=user", "n,,r=x,n=user", "n,,n=,r=x", "n,,n=user,r=", "n,,m=x,n=user,r=y",
        "n,,n=us=er,r=x", "n,,n=user,r=a b", "x,,n=user,r=y", "n,b=x,n=user,r=y", "p=tls-exporter,,n=user,r=y"}) {
    INFO(wrong);
    CHECK(error_of(wrong) == base::Errc::Invalid);
  }
  CHECK(error_of("n,a=other,n=user,r=y") == base::Errc::Denied);
  CHECK(error_of("n,,n=user,r=y", true, "exporter") == base::Errc::Invalid);             // -PLUS without binding
  CHECK(error_of("p=tls-unique,,n=user,r=y", true, "exporter") == base::Errc::Invalid);  // another binding
  CHECK(error_of("y,,n=user,r=y", false, "exporter") == base::Errc::Invalid);            // somebody in between
  CHECK(error_of("n,,n=user,r=" + std::string(kMaxScramMessage, 'x')) == base::Errc::Invalid);
  ScramServer escaped(false, "", finds(pencil()));
  REQUIRE(escaped.take("y,a=a=2Cb=3Dc,n=a=2Cb=3Dc,r=y").ok());
  CHECK(escaped.login() == "a,b=c");
}

TEST_CASE("final messages that break the rules or prove nothing, RFC 5802 7", "[scram]") {
  const auto after = [](const std::string& final) {
    ScramServer server(false, "", finds(pencil()), "server");
    REQUIRE(server.take("n,,n=user,r=client").ok());
    return server.take(final);
  };
  const std::string proof = base::base64(std::string(32, 'x'));
  for (const std::string& wrong : std::vector<std::string>{
           std::string(), "c=biws,r=clientserver", "c=biws,r=clientserver,p=YQ==", "r=clientserver,p=" + proof,
           "c=biws,r=client,p=" + proof, "c=biws,r=clientserverx,p=" + proof}) {
    INFO(wrong);
    CHECK_FALSE(after(wrong).ok());
  }
  const auto denied = after("c=biws,r=clientserver,p=" + proof);
  REQUIRE(denied.ok());
  CHECK(denied->over);
  CHECK_FALSE(denied->proved);
}

TEST_CASE("SCRAM-SHA-256-PLUS is bound to its channel, RFC 5802 6 and RFC 9266 2", "[scram]") {
  const auto attempt = [](const std::string& bound_to) {
    const ScramVerifier verifier = pencil();
    ScramServer server(true, std::string(32, 'e'), finds(verifier), "server");
    const std::string header = "p=tls-exporter,,";
    const auto first = server.take(header + "n=user,r=client");
    REQUIRE(first.ok());
    const std::string without_proof = "c=" + base::base64(header + bound_to) + ",r=clientserver";
    const std::string message = "n=user,r=client," + first->message + "," + without_proof;
    const std::string salted = crypto::pbkdf2_sha256("pencil", verifier.salt, verifier.iterations);
    std::string key = crypto::hmac_sha256(salted, "Client Key");
    const std::string signature = crypto::hmac_sha256(verifier.stored_key, message);
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(key[i] ^ signature[i]);
    const auto last = server.take(without_proof + ",p=" + base::base64(key));
    REQUIRE(last.ok());
    return last->message.starts_with("v=");
  };
  CHECK(attempt(std::string(32, 'e')));
  CHECK_FALSE(attempt(std::string(32, 'f')));  // another connection's: somebody sits in between
}

TEST_CASE("SCRAM is offered and runs in base64, RFC 5802 7", "[scram]") {
  CHECK(ServerSasl::offered(true) == "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN");
  CHECK(ServerSasl::offered(false) == "SCRAM-SHA-256 PLAIN LOGIN");
  CHECK_FALSE(ServerSasl::start("SCRAM-SHA-256-PLUS", "", finds(pencil())).ok());
  const auto client = make_scram_sha256("user", base::Secret("pencil"));
  auto sasl = ServerSasl::start("scram-sha-256", "", finds(pencil()));
  REQUIRE(sasl.ok());
  const std::string first = base::base64(*client->initial_response());
  auto step = sasl->begin(first);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(step.ok());
    REQUIRE_FALSE(step->done);
    const auto answer = client->respond(*base::unbase64(step->challenge));
    REQUIRE(answer.ok());
    step = sasl->next(base::base64(*answer));
  }
  REQUIRE(step.ok());
  CHECK(step->done);
  CHECK(step->login == "user");
  CHECK(step->proved == true);
}
