#include "common/net/listener.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using net::parse_endpoint;

TEST_CASE("an endpoint is host:port, [v6]:port or a unix path") {
  CHECK(parse_endpoint("127.0.0.1:1143").value().host == "127.0.0.1");
  CHECK(parse_endpoint("127.0.0.1:1143").value().port == 1143);
  CHECK(parse_endpoint("[::]:25").value().host == "::");
  CHECK(parse_endpoint("[::1]:0").value().port == 0);
  CHECK(parse_endpoint("localhost:65535").value().port == 65535);
  CHECK(parse_endpoint("unix:/run/lmtp.sock").value().unix_path == "/run/lmtp.sock");
  CHECK(parse_endpoint("/run/lmtp.sock").value().unix_path == "/run/lmtp.sock");
}

TEST_CASE("what is no endpoint is refused and quoted") {
  for (const char* wrong :
       {"", "host", ":25", "host:", "host:65536", "host:x", "::1:25", "[]:25", "[::1]", "unix:rel", "a:-1"}) {
    INFO(wrong);
    const auto result = parse_endpoint(wrong);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == base::Errc::Invalid);
    CHECK(result.error().text.find("\"" + std::string(wrong) + "\"") == 0);
  }
}
