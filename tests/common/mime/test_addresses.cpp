#include "common/mime/addresses.hpp"

#include "tests/support/catch.hpp"

using hearthmail::mime::ListedAddress;
using hearthmail::mime::parse_address_list;

namespace {

// "name|route|local|domain", "name{" and "}" for groups, with "; " between them.
std::string shown(std::string_view value) {
  std::string out;
  for (const ListedAddress& address : parse_address_list(value)) {
    if (!out.empty()) out += "; ";
    switch (address.kind) {
      case ListedAddress::Kind::GroupStart: out += address.name + "{"; break;
      case ListedAddress::Kind::GroupEnd: out += "}"; break;
      case ListedAddress::Kind::Mailbox:
        out += address.name + "|" + address.route + "|" + address.local + "|" + address.domain;
        break;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("Addresses of RFC 5322 Appendix A") {
  CHECK(shown(" John Doe <jdoe@machine.example>") == "John Doe||jdoe|machine.example");
  CHECK(shown("\"Joe Q. Public\" <john.q.public@example.com>") == "Joe Q. Public||john.q.public|example.com");
  CHECK(shown("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>") ==
        "Mary Smith||mary|x.test; ||jdoe|example.org; Who?||one|y.test");
  CHECK(shown("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>") ==
        "||boss|nil.test; Giant; \"Big\" Box||sysservices|example.net");
  CHECK(shown("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;") ==
        "A Group{; Ed Jones||c|a.test; ||joe|where.test; John||jdoe|one.test; }");
  CHECK(shown("Undisclosed recipients:;") == "Undisclosed recipients{; }");
  CHECK(shown("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>") == "Pete||pete|silly.test");
  CHECK(shown("A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
              "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)") ==
        "A Group{; Chris Jones||c|public.example; ||joe|example.org; John||jdoe|one.test; }");
  CHECK(shown("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;") == "Hidden recipients{; }");
}

TEST_CASE("Obsolete addresses, RFC 5322 Appendix A.6.1") {
  CHECK(shown("Joe Q. Public <john.q.public@example.com>") == "Joe Q. Public||john.q.public|example.com");
  CHECK(shown("Mary Smith <@node.test,@machine.example:mary@example.net>, , jdoe@test   . example") ==
        "Mary Smith|@node.test,@machine.example|mary|example.net; ||jdoe|test.example");
  CHECK(shown("john . doe @ example . org") == "||john.doe|example.org");
}

TEST_CASE("A comment is the name when there is no other") {
  CHECK(shown("ada@example.test (Ada Lovelace)") == "Ada Lovelace||ada|example.test");
  CHECK(shown("ada@example.test (one) (two)") == "two||ada|example.test");
  CHECK(shown("Ada <ada@example.test> (other)") == "Ada||ada|example.test");
}

TEST_CASE("Local parts are unquoted, domain literals are kept") {
  CHECK(shown("\"john doe\"@example.com") == "||john doe|example.com");
  CHECK(shown("<\"a@b\"@example.com>") == "||a@b|example.com");
  CHECK(shown("x@[192.0.2.1]") == "||x|[192.0.2.1]");
  CHECK(shown("<x@[IPv6:2001:db8::1]>") == "||x|[IPv6:2001:db8::1]");
}

TEST_CASE("Encoded words and UTF-8 stay as they are") {
  CHECK(shown("=?utf-8?Q?J=C3=B6rg?= <j@x.test>") == "=?utf-8?Q?J=C3=B6rg?=||j|x.test");
  CHECK(shown("J\xC3\xB6rg <j\xC3\xB6rg@b\xC3\xBC.test>") == "J\xC3\xB6rg||j\xC3\xB6rg|b\xC3\xBC.test");
}

TEST_CASE("Broken lists keep what can be told") {
  CHECK(shown("").empty());
  CHECK(shown(" , ,; ").empty());
  CHECK(shown("<>").empty());
  CHECK(shown("Nobody <>") == "Nobody|||");
  CHECK(shown("root") == "||root|");
  CHECK(shown("two words") == "||two words|");
  CHECK(shown("joe@x.test <joe@x.test>") == "joe@x.test||joe|x.test");
  CHECK(shown("a@b@c") == "||a|b");
  CHECK(shown("<a@b@c>") == "||a@b|c");
  CHECK(shown("Ann <ann@x.test, Bob <bob@x.test>") == "Ann||ann|x.test; Bob||bob|x.test");
  CHECK(shown("a@x.test; b@x.test") == "||a|x.test; ||b|x.test");
  CHECK(shown("G: a@x.test") == "G{; ||a|x.test; }");
  CHECK(shown("G: H: a@x.test;") == "G{; ||a|x.test; }");
  CHECK(shown("\"open <a@b>").find("open <a@b>") != std::string::npos);
  CHECK(shown("@") == "|||");
}
