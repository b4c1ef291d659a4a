#include "common/auth/saslprep.hpp"

#include "common/auth/sasl.hpp"
#include "common/auth/scram_server.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::auth;

TEST_CASE("the examples of RFC 4013 3", "[scram]") {
  CHECK(saslprep("I\xC2\xADX") == "IX");            // SOFT HYPHEN mapped to nothing
  CHECK(saslprep("user") == "user");                // no transformation
  CHECK(saslprep("USER") == "USER");                // case preserved
  CHECK(saslprep("\xC2\xAA") == "a");               // NFKC
  CHECK(saslprep("\xE2\x85\xA8") == "IX");          // NFKC
  CHECK(saslprep("\x07") == std::nullopt);          // prohibited character
  CHECK(saslprep("\xD8\xA7\x31") == std::nullopt);  // bidirectional check
}

TEST_CASE("what else SASLprep maps, keeps and prohibits, RFC 4013 2", "[scram]") {
  CHECK(saslprep("a\xC2\xA0"
                 "b") == "a b");                              // a no-break space is a space
  CHECK(saslprep("u\xCC\x88") == "\xC3\xBC");                 // composed
  CHECK(saslprep("\xF0\x9F\x90\xB4") == "\xF0\x9F\x90\xB4");  // unknown to Unicode 3.2
  CHECK(saslprep("a,b=c") == "a,b=c");
  CHECK(saslprep("") == "");
  for (const char* prohibited : {"\xEE\x80\x80", "\xEF\xBF\xBD", "\x7F", "\xFF", "a\tb"}) {
    CHECK(saslprep(prohibited) == std::nullopt);
  }
}

TEST_CASE("a password logs in by SCRAM however it was typed, RFC 5802 2.2", "[scram]") {
  const auto verifier = parse_scram_verifier(make_scram_verifier("u\xCC\x88"));
  REQUIRE(verifier.has_value());
  CHECK(crypto::hmac_sha256(crypto::pbkdf2_sha256("\xC3\xBC", verifier->salt, verifier->iterations), "Server Key") ==
        verifier->server_key);
  CHECK(make_scram_verifier("bell\x07").empty());
  const auto find = [&](const std::string&) -> base::Result<ScramVerifier> { return *verifier; };
  ScramServer server(false, "", find);
  const auto client = make_scram_sha256("\xE2\x85\xA8@example.test", base::Secret("u\xCC\x88"));
  const auto first = server.take(*client->initial_response());
  REQUIRE(first.ok());
  CHECK(server.login() == "IX@example.test");
  const auto proof = client->respond(first->message);
  REQUIRE(proof.ok());
  const auto last = server.take(*proof);
  REQUIRE(last.ok());
  CHECK(client->respond(last->message).ok());
}
