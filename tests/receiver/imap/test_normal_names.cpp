// Mailboxes whose names were stored before names were composed, RFC 9051 5.1.
#include "receiver/imap/normal_names.hpp"
#include "tests/receiver/imap/shared.hpp"

using namespace hearthmail;
using test::Anna;
using test::Bert;
using test::has;
using test::letter;
using test::SharedFixture;

TEST_CASE_METHOD(SharedFixture, "a mailbox with a decomposed name is shown and cannot be opened, until it is renamed") {
  make(
      "U\xCC\x88"
      "bung");
  make(
      "U\xCC\x88"
      "bung/1");
  deliver(
      "U\xCC\x88"
      "bung",
      letter("found"));
  grant("lr",
        "U\xCC\x88"
        "bung");
  Anna anna(*this);
  Bert bert(*this);
  CHECK(has(anna.talk("a LIST \"\" U*\r\n"), "/\" U&Awg-bung\r\n"));
  CHECK(has(anna.talk("b SELECT U&Awg-bung\r\n"), "b NO [NONEXISTENT]"));
  receiver::imap::normalise_names(*mail, [] { return true; });  // stopped at once
  CHECK(has(anna.talk("b SELECT U&Awg-bung\r\n"), "b NO [NONEXISTENT]"));
  receiver::imap::normalise_names(*mail, [] { return false; });
  CHECK(has(anna.talk("c SELECT U&Awg-bung\r\n"), "* 1 EXISTS\r\n"));
  CHECK(has(anna.talk("d STATUS &ANw-bung/1 (MESSAGES)\r\n"), "MESSAGES 0)"));
  CHECK(has(bert.talk("e EXAMINE Shared/anna@example.test/&ANw-bung\r\n"), "e OK "));
  const std::string listed = anna.talk("f LIST \"\" *bung*\r\n");
  CHECK(has(listed, "/\" &ANw-bung\r\n"));
  CHECK(has(listed, "/\" &ANw-bung/1\r\n"));
  CHECK_FALSE(has(listed, "Awg"));
}
