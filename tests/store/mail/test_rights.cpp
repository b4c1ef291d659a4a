#include "store/mail/rights.hpp"

#include "store/mail/shared_name.hpp"

#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::store::mail;

TEST_CASE("rights are read and written as letters, RFC 4314 2.1") {
  const auto rights = parse_rights("swlr");
  REQUIRE(rights.ok());
  CHECK(rights->letters() == "lrsw");
  CHECK(Rights::all().letters() == "lrswipkxtea");
  CHECK(parse_rights("")->empty());
  CHECK(parse_rights("rrr")->letters() == "r");
  for (const char* letters : {"l", "r", "s", "w", "i", "p", "k", "x", "t", "e", "a"}) {
    CHECK(parse_rights(letters)->letters() == letters);
    CHECK(Rights::of_bits(parse_rights(letters)->bits()) == *parse_rights(letters));
  }
}

TEST_CASE("c is k and x, d is t and e, and both are shown, RFC 4314 2.1.1") {
  CHECK(parse_rights("c")->letters() == "kx");
  CHECK(parse_rights("lrswida")->letters() == "lrswitea");
  CHECK(parse_rights("lrswida")->letters_with_obsolete() == "lrswitead");
  CHECK(parse_rights("lrswikda")->letters_with_obsolete() == "lrswikteacd");
  CHECK(parse_rights("x")->letters_with_obsolete() == "xc");
  CHECK(parse_rights("e")->letters_with_obsolete() == "ed");
  CHECK(parse_rights("lrswip")->letters_with_obsolete() == "lrswip");
}

TEST_CASE("an unknown right is never passed over, RFC 4314 3.1") {
  for (const char* wrong : {"lrQ", "lrq", "0", "lr9", "l r", "+l", "\xc3\xa4", "n"}) {
    const auto rights = parse_rights(wrong);
    REQUIRE_FALSE(rights.ok());
    CHECK(rights.error().code == base::Errc::Invalid);
  }
  CHECK(parse_rights("lrQ").error().text == "Upper-case rights are not allowed");
  CHECK(parse_rights("lrq").error().text == "The right \"q\" is not supported");
}

TEST_CASE("rights replace, add and remove, RFC 4314 3.1") {
  const Rights before = *parse_rights("lrs");
  CHECK(parse_rights_change("w")->applied_to(before).letters() == "w");
  CHECK(parse_rights_change("+we")->applied_to(before).letters() == "lrswe");
  CHECK(parse_rights_change("-sw")->applied_to(before).letters() == "lr");
  CHECK(parse_rights_change("")->applied_to(before).empty());
  CHECK(parse_rights_change("+")->applied_to(before) == before);
  CHECK_FALSE(parse_rights_change("+lZ").ok());
  CHECK_FALSE(parse_rights_change("l+r").ok());
}

TEST_CASE("rights are a set") {
  const Rights lr{Right::Lookup, Right::Read};
  CHECK(lr.has(Right::Read));
  CHECK_FALSE(lr.has({Right::Read, Right::Write}));
  CHECK(lr.has_any({Right::Read, Right::Write}));
  CHECK(lr.has(Rights()));
  CHECK_FALSE(lr.has_any(Rights()));
  CHECK(lr.with(Right::Write).without(Right::Lookup).letters() == "rw");
  CHECK(lr.both({Right::Read, Right::Write}).letters() == "r");
  CHECK(Rights::of_bits(0xFFFFFFFF) == Rights::all());
}

TEST_CASE("the name of another account's mailbox has its owner's address as one level") {
  CHECK(shared_name("anna@example.org", "Plans/2027") == "Shared/anna@example.org/Plans/2027");
  CHECK(shared_name("a/b=c@example.org", "INBOX") == "Shared/a=2Fb=3Dc@example.org/INBOX");
  for (const char* address :
       {"anna@example.org", "a/b@example.org", "=@x", "a=2Fb@example.org", "\"a b\"@example.org"}) {
    const auto name = parse_shared_name(shared_name(address, "INBOX/x"));
    REQUIRE(name);
    CHECK(name->address == address);
    CHECK(name->mailbox == "INBOX/x");
  }
  for (const char* wrong : {"Shared", "Shared/", "Shared/a", "Shared/a/", "Shared//b", "shared/a/b", "Shared/a=41/b",
                            "Shared/a=/b", "Shared/a=2/b", "Shared/a=2f/b", "INBOX"}) {
    CHECK_FALSE(parse_shared_name(wrong));
  }
}
