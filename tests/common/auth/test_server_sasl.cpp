#include <string>

#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::auth;
using base::Errc;

namespace {

std::string encoded(std::string_view octets) { return base::base64(octets); }

base::Result<SaslStep> plain(std::string_view message) {
  auto sasl = ServerSasl::start("PLAIN");
  return sasl->begin(encoded(message));
}

}  // namespace

TEST_CASE("PLAIN with an initial response, RFC 4616 4") {
  using namespace std::string_literals;
  auto step = plain("\0tim\0tanstaaftanstaaf"s);
  REQUIRE(step.ok());
  CHECK(step->done);
  CHECK(step->login == "tim");
  CHECK(step->password.reveal() == "tanstaaftanstaaf");
}

TEST_CASE("PLAIN without an initial response asks with an empty challenge, RFC 4616 4") {
  using namespace std::string_literals;
  auto sasl = ServerSasl::start("plain");
  REQUIRE(sasl.ok());
  auto step = sasl->begin(std::nullopt);
  REQUIRE(step.ok());
  CHECK_FALSE(step->done);
  CHECK(step->challenge.empty());
  step = sasl->next(encoded("\0kurt\0xipj3plmq"s));
  REQUIRE(step.ok());
  CHECK(step->done);
  CHECK(step->login == "kurt");
}

TEST_CASE("PLAIN: the own name as authorisation identity is fine, a foreign one is denied") {
  using namespace std::string_literals;
  CHECK(plain("anna@example.test\0anna@example.test\0secret"s).ok());
  CHECK(plain("Anna@Example.test\0anna@example.test\0secret"s).ok());
  auto foreign = plain("admin@example.test\0anna@example.test\0secret"s);
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.error().code == Errc::Denied);
  CHECK(foreign.error().text.find("secret") == std::string::npos);
}

TEST_CASE("PLAIN: malformed messages are invalid, not fatal") {
  using namespace std::string_literals;
  for (const auto& message : {""s, "tim"s, "\0tim"s, "\0tim\0"s, "\0\0pw"s, "\0tim\0pw\0more"s, "\0t\xFFm\0pw"s}) {
    auto step = plain(message);
    REQUIRE_FALSE(step.ok());
    CHECK(step.error().code == Errc::Invalid);
  }
}

TEST_CASE("an empty initial response is \"=\", RFC 4954 4") {
  auto sasl = ServerSasl::start("PLAIN");
  auto step = sasl->begin("=");
  REQUIRE_FALSE(step.ok());
  CHECK(step.error().code == Errc::Invalid);
}

TEST_CASE("LOGIN asks for the name, then for the password") {
  auto sasl = ServerSasl::start("LOGIN");
  REQUIRE(sasl.ok());
  auto step = sasl->begin(std::nullopt);
  REQUIRE(step.ok());
  CHECK(step->challenge == "VXNlcm5hbWU6");
  step = sasl->next(encoded("anna@example.test"));
  REQUIRE(step.ok());
  CHECK(step->challenge == "UGFzc3dvcmQ6");
  step = sasl->next(encoded("secret"));
  REQUIRE(step.ok());
  CHECK(step->done);
  CHECK(step->login == "anna@example.test");
  CHECK(step->password.reveal() == "secret");
  CHECK_FALSE(sasl->next(encoded("again")).ok());
}

TEST_CASE("LOGIN takes the name as an initial response") {
  auto sasl = ServerSasl::start("LOGIN");
  auto step = sasl->begin(encoded("anna@example.test"));
  REQUIRE(step.ok());
  CHECK(step->challenge == "UGFzc3dvcmQ6");
}

TEST_CASE("\"*\" cancels and nothing follows, RFC 4954 4") {
  auto sasl = ServerSasl::start("LOGIN");
  REQUIRE(sasl->begin(std::nullopt).ok());
  auto step = sasl->next("*");
  REQUIRE_FALSE(step.ok());
  CHECK(step.error().code == Errc::Invalid);
  CHECK_FALSE(sasl->next(encoded("anna@example.test")).ok());
}

TEST_CASE("what is not base64 is invalid") {
  auto sasl = ServerSasl::start("PLAIN");
  CHECK_FALSE(sasl->begin("AHRpbQ").ok());
  auto other = ServerSasl::start("PLAIN");
  CHECK_FALSE(other->begin("A===").ok());
}

TEST_CASE("a line over kMaxSaslLine is refused, one at the limit is read, RFC 4954 4") {
  CHECK(kMaxSaslLine == 12'288);
  auto at = ServerSasl::start("PLAIN");
  auto step = at->begin(std::string(kMaxSaslLine, 'A'));  // only NULs: read, but malformed
  REQUIRE_FALSE(step.ok());
  CHECK(step.error().code == Errc::Invalid);
  auto over = ServerSasl::start("PLAIN");
  step = over->begin(std::string(kMaxSaslLine + 4, 'A'));
  REQUIRE_FALSE(step.ok());
  CHECK(step.error().code == Errc::OverLimit);
}

TEST_CASE("other mechanisms are unsupported") {
  auto sasl = ServerSasl::start("GSSAPI");
  REQUIRE_FALSE(sasl.ok());
  CHECK(sasl.error().code == Errc::Unsupported);
}
