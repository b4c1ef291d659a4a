#include <string>

#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::auth;
using base::Errc;
using base::Secret;

namespace {

// RFC 7677 §3.
constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

std::unique_ptr<ClientMechanism> example() { return make_scram_sha256("user", Secret("pencil"), std::string(kNonce)); }

// The exchange up to the server's final message, with another server-first.
base::Result<std::string> answer_to(std::string_view server_first) {
  auto scram = example();
  (void)scram->initial_response();
  return scram->respond(server_first);
}

std::string chosen(const std::vector<std::string>& offered, std::string_view pinned, bool cleartext) {
  auto mechanism = choose_mechanism(offered, pinned, cleartext, "user", Secret("pw"));
  return mechanism.ok() ? std::string((*mechanism)->name()) : std::string(base::name(mechanism.error().code));
}

}  // namespace

TEST_CASE("SCRAM-SHA-256 example, RFC 7677 3") {
  auto scram = example();
  CHECK(scram->initial_response() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  auto final_message = scram->respond(kServerFirst);
  REQUIRE(final_message.ok());
  CHECK(*final_message ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  auto last = scram->respond(kServerFinal);
  REQUIRE(last.ok());
  CHECK(last->empty());
  CHECK(scram->finish().ok());
}

TEST_CASE("SCRAM: without an initial response the first empty challenge is answered with it") {
  auto scram = example();
  auto first = scram->respond("");
  REQUIRE(first.ok());
  CHECK(*first == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
}

TEST_CASE("SCRAM: a server that does not prove itself is not believed, RFC 5802 3") {
  auto scram = example();
  (void)scram->initial_response();
  CHECK(scram->finish().error().code == Errc::Denied);
  REQUIRE(scram->respond(kServerFirst).ok());
  CHECK(scram->finish().error().code == Errc::Denied);  // success right after the proof, without a signature
  auto last = scram->respond("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  REQUIRE_FALSE(last.ok());
  CHECK(last.error().code == Errc::Denied);
  CHECK_FALSE(scram->finish().ok());
}

TEST_CASE("SCRAM: the server's error is told, RFC 5802 7") {
  auto scram = example();
  (void)scram->initial_response();
  REQUIRE(scram->respond(kServerFirst).ok());
  auto last = scram->respond("e=invalid-proof");
  REQUIRE_FALSE(last.ok());
  CHECK(last.error().code == Errc::Denied);
  CHECK(last.error().text.find("invalid-proof") != std::string::npos);
}

TEST_CASE("SCRAM: a first message that is foreign, malformed, too cheap or too dear is refused") {
  for (const std::string_view bad : {
           "r=somebodyElse,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
           "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
           "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
           "r=rOprNGfwEbeRWgbNEkqOx,s=!,i=4096",
           "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
           "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==",
           "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
           "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=600001",
           "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999",
           "",
           "r",
       }) {
    INFO(bad);
    auto answer = answer_to(bad);
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code == Errc::Protocol);
  }
  CHECK(answer_to("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,x=later").ok());
}

TEST_CASE("SCRAM: comma and equals sign of a name are escaped, and nonces are fresh, RFC 5802 5.1") {
  auto scram = make_scram_sha256("a=b,c", Secret("pw"), "nonce");
  CHECK(scram->initial_response() == "n,,n=a=3Db=2Cc,r=nonce");
  CHECK(make_scram_sha256("u", Secret("p"))->initial_response() !=
        make_scram_sha256("u", Secret("p"))->initial_response());
}

TEST_CASE("CRAM-MD5 example, RFC 2195 2") {
  auto cram = make_cram_md5("tim", Secret("tanstaaftanstaaf"));
  CHECK_FALSE(cram->initial_response().has_value());
  CHECK_FALSE(cram->finish().ok());
  auto answer = cram->respond("<1896.697170952@postoffice.reston.mci.net>");
  REQUIRE(answer.ok());
  CHECK(*answer == "tim b913a602c7eda7a495b4e6e7334d3890");
  CHECK(cram->finish().ok());
  CHECK_FALSE(cram->respond("again").ok());
}

TEST_CASE("PLAIN client sends one message, at once or when asked, RFC 4616 2") {
  using namespace std::string_literals;
  auto plain = make_plain("tim", Secret("tanstaaftanstaaf"));
  CHECK(plain->initial_response() == "\0tim\0tanstaaftanstaaf"s);
  CHECK(plain->finish().ok());
  CHECK_FALSE(plain->respond("").ok());
  auto asked = make_plain("tim", Secret("pw"));
  auto answer = asked->respond("");
  REQUIRE(answer.ok());
  CHECK(*answer == "\0tim\0pw"s);
}

TEST_CASE("LOGIN client answers two prompts") {
  auto login = make_login("tim", Secret("pw"));
  CHECK_FALSE(login->initial_response().has_value());
  CHECK(login->respond("Username:").value_or("") == "tim");
  CHECK_FALSE(login->finish().ok());
  CHECK(login->respond("Password:").value_or("") == "pw");
  CHECK(login->finish().ok());
  CHECK_FALSE(login->respond("More:").ok());
}

TEST_CASE("what our client says, our server understands") {
  for (const std::string name : {"PLAIN", "LOGIN"}) {
    auto client = choose_mechanism({name}, "", true, "anna@example.test", Secret("s3cret"));
    REQUIRE(client.ok());
    auto server = ServerSasl::start(name);
    REQUIRE(server.ok());
    std::optional<std::string> first = (*client)->initial_response();
    if (first) first = base::base64(*first);
    auto step = server->begin(first);
    REQUIRE(step.ok());
    while (!step->done) {
      auto answer = (*client)->respond(*base::unbase64(step->challenge));
      REQUIRE(answer.ok());
      step = server->next(base::base64(*answer));
      REQUIRE(step.ok());
    }
    CHECK(step->login == "anna@example.test");
    CHECK(step->password.reveal() == "s3cret");
    CHECK((*client)->finish().ok());
  }
}

TEST_CASE("the strongest common mechanism is chosen") {
  CHECK(chosen({"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}, "", true) == "SCRAM-SHA-256");
  CHECK(chosen({"LOGIN", "plain", "cram-md5"}, "", true) == "CRAM-MD5");
  CHECK(chosen({"LOGIN", "PLAIN", "XOAUTH2"}, "", true) == "PLAIN");
  CHECK(chosen({"LOGIN"}, "", true) == "LOGIN");
}

TEST_CASE("a pinned mechanism is taken or nothing, never a weaker one") {
  CHECK(chosen({"PLAIN", "LOGIN", "SCRAM-SHA-256"}, "login", true) == "LOGIN");
  CHECK(chosen({"PLAIN", "LOGIN"}, "scram-sha-256", true) == "unsupported");
  CHECK(chosen({"PLAIN"}, "gssapi", true) == "invalid");
}

TEST_CASE("PLAIN and LOGIN are not chosen in clear text") {
  CHECK(chosen({"PLAIN", "LOGIN"}, "", false) == "unsupported");
  CHECK(chosen({"PLAIN", "LOGIN"}, "plain", false) == "unsupported");
  CHECK(chosen({"PLAIN", "CRAM-MD5"}, "", false) == "CRAM-MD5");
  CHECK(chosen({}, "", true) == "unsupported");
}
