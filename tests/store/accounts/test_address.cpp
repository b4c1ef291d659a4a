#include <string>

#include "store/accounts/accounts.hpp"
#include "store/accounts/address.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::store::accounts;

namespace {

std::string normal(std::string_view address) { return normalize(address).value_or("invalid"); }
std::string domain(std::string_view name) { return normalize_domain(name).value_or("invalid"); }

}  // namespace

TEST_CASE("the domain is lower-cased, the local part stays") {
  CHECK(normal("Anna@Example.TEST") == "Anna@example.test");
  CHECK(parse_local_address("Anna@Example.TEST")->key() == "anna@example.test");
}

TEST_CASE("domains in any script become lower-case A-labels, RFC 5891 5") {
  CHECK(domain("bücher.example") == "xn--bcher-kva.example");
  CHECK(domain("BÜCHER.example") == "xn--bcher-kva.example");
  CHECK(domain("bu\u0308cher.example") == "xn--bcher-kva.example");  // decomposed
  CHECK(domain("XN--BCHER-KVA.example") == "xn--bcher-kva.example");
  CHECK(domain("straße.example") == "xn--strae-oqa.example");  // IDNA2008, not "strasse"
  CHECK(normal("jörg@bücher.example") == "jörg@xn--bcher-kva.example");
}

TEST_CASE("what is no domain is refused") {
  for (const std::string bad : {"", ".", "a..b", "-a.test", "a-.test", "a_b.test", "a b.test", "example.test.",
                                "\xFF.test", "xn--\u00e4.test", "a.t\u200best\x01"}) {
    INFO(bad);
    CHECK(domain(bad) == "invalid");
  }
  CHECK(domain(std::string(64, 'a') + ".test") == "invalid");
  CHECK(domain(std::string(63, 'a') + ".test") != "invalid");
  const std::string label(61, 'a');
  const std::string at_limit = label + "." + label + "." + label + "." + label + ".test1";  // 253 octets
  CHECK(domain(at_limit) == at_limit);
  CHECK(domain(at_limit + "2") == "invalid");
  CHECK(domain(std::string("\xC3\xA4\0.test", 8)) == "invalid");
}

TEST_CASE("local parts: dot-string, quoted-string, UTF-8, limits, RFC 5321 4.1.2") {
  CHECK(normal("a.b+c@example.test") == "a.b+c@example.test");
  CHECK(normal("\"a b\"@example.test") == "\"a b\"@example.test");
  CHECK(normal("\"plain\"@example.test") == "plain@example.test");
  CHECK(normal("\"a\\\"b\\\\\"@example.test") == "\"a\\\"b\\\\\"@example.test");
  CHECK(normal("\"a@b\"@example.test") == "\"a@b\"@example.test");
  for (const std::string bad :
       {"@example.test", "a..b@example.test", ".a@example.test", "a b@example.test", "anna", "a@",
        "\"a\"b\"@example.test", "\"a\\\"@example.test", "a@[192.0.2.1]", "a\x01@example.test"}) {
    INFO(bad);
    CHECK(normal(bad) == "invalid");
  }
  CHECK(normal(std::string(64, 'a') + "@example.test") != "invalid");
  CHECK(normal(std::string(65, 'a') + "@example.test") == "invalid");
}

TEST_CASE("the tag is everything from the first plus sign") {
  CHECK(parse_local_address("anna+shop+2@example.test")->untagged().str() == "anna@example.test");
  CHECK(parse_local_address("anna@example.test")->untagged().str() == "anna@example.test");
  CHECK(parse_local_address("+anna@example.test")->untagged().str() == "+anna@example.test");
}
