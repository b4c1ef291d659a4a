#include "common/smtp/address.hpp"

#include "common/smtp/path.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::smtp;
using hearthmail::base::Errc;

namespace {

std::string round_trip(std::string_view text) {
  const auto address = parse_address(text);
  return address.ok() ? address->str() : "refused: " + address.error().text;
}

bool refused(std::string_view text) { return !parse_address(text).ok(); }

}  // namespace

TEST_CASE("mailboxes of RFC 5321 4.1.2 come out as they went in") {
  CHECK(round_trip("anna@example.org") == "anna@example.org");
  CHECK(round_trip("a.b+tag!#$%&'*/=?^_`{|}~-@x-y.example") == "a.b+tag!#$%&'*/=?^_`{|}~-@x-y.example");
  CHECK(round_trip("\"john doe\"@example.org") == "\"john doe\"@example.org");
  CHECK(round_trip("\"a\\\"b\\\\c\"@example.org") == "\"a\\\"b\\\\c\"@example.org");
  CHECK(round_trip("\"plain\"@example.org") == "plain@example.org");
  CHECK(round_trip("\"a@b\"@example.org") == "\"a@b\"@example.org");
  CHECK(round_trip("\"\"@example.org") == "\"\"@example.org");
  CHECK(round_trip("anna@[192.0.2.1]") == "anna@[192.0.2.1]");
  CHECK(round_trip("anna@[IPv6:2001:db8::1]") == "anna@[IPv6:2001:db8::1]");
  CHECK(round_trip("anna@localhost") == "anna@localhost");
  CHECK(round_trip("anna@under_score.example") == "anna@under_score.example");
}

TEST_CASE("what is no mailbox is refused") {
  for (const auto* text :
       {"",        "anna",     "@example.org", "anna@",    ".anna@x",  "anna.@x",      "an..na@x",     "an na@x",
        "anna@-x", "anna@x-",  "anna@x..y",    "anna@x.",  "\"anna@x", "\"an\nna\"@x", "anna@[1.2.3]", "anna@[IPv6:zz]",
        "anna@[x", "anna@x y", "<anna@x>",     "anna@x\r", "a@b@c",    "anna@x>"}) {
    INFO(text);
    CHECK(refused(text));
  }
  CHECK(refused(std::string("an\0na@x", 7)));
}

TEST_CASE("limits of local part, domain and path, RFC 5321 4.5.3.1") {
  CHECK_FALSE(refused(std::string(kMaxLocalPart, 'a') + "@x"));
  CHECK(refused(std::string(kMaxLocalPart + 1, 'a') + "@x"));
  const std::string label(62, 'd');
  const std::string domain = label + "." + label + "." + label + "." + label;  // 251 octets
  CHECK_FALSE(refused("a@" + domain + ".efg"));
  CHECK(refused("a@" + domain + ".efgh"));
  CHECK(refused("a@" + std::string(64, 'd')));
  std::string path = "<a@" + domain + ">";  // 255 octets
  std::string_view rest = path;
  CHECK(take_path(rest).ok());
  path = "<aaa@" + domain + ">";
  rest = path;
  CHECK(take_path(rest).error().code == Errc::OverLimit);
}

TEST_CASE("UTF-8 addresses say so, RFC 6531 3.3") {
  const auto address = parse_address(
      "j\xC3\xB6rg@b\xC3\xBC"
      "cher.example");
  REQUIRE(address.ok());
  CHECK(address->utf8);
  CHECK(address->str() ==
        "j\xC3\xB6rg@b\xC3\xBC"
        "cher.example");
  CHECK_FALSE(parse_address("anna@example.org")->utf8);
  CHECK(refused("j\xF6rg@example.org"));  // Latin-1
}

TEST_CASE("paths: null, source routes, postmaster, quotes with brackets, RFC 5321 4.1.2") {
  const auto take = [](std::string text) {
    std::string_view rest = text;
    const auto path = take_path(rest);
    return path.ok() ? "[" + path->str() + "]" + std::string(rest) : std::string("refused");
  };
  CHECK(take("<>") == "[]");
  CHECK(take("<anna@x> SIZE=1") == "[anna@x] SIZE=1");
  CHECK(take("<@a.example,@b.example:anna@x>") == "[anna@x]");
  CHECK(take("<Postmaster>") == "[Postmaster]");
  CHECK(take("<\"a>b\"@x>y") == "[\"a>b\"@x]y");
  CHECK(take("<\"a\\\">b\"@x>") == "[\"a\\\">b\"@x]");
  CHECK(take("anna@x") == "refused");
  CHECK(take("<anna@x") == "refused");
  CHECK(take("<anna>") == "refused");
  CHECK(take("<@a.example>") == "refused");
  CHECK(take("") == "refused");
}
