// REPLACE, RFC 8508: a draft's new version takes the place of the old one, or nothing happens at all.
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

struct Drafts : ImapFixture {
  Drafts() {
    deliver("Drafts", letter("one"));
    deliver("Drafts", letter("two"));
  }
  std::string validity() {
    const auto id = box("Drafts");
    const auto found =
        mail->env().read([&](const store::mail::ReadTxn& txn) { return store::mail::load_mailbox(txn, id); });
    return std::to_string(found->uid_validity);
  }
};

std::string literal(const std::string& octets) {
  return "{" + std::to_string(octets.size()) + "+}\r\n" + octets + "\r\n";
}

}  // namespace

TEST_CASE_METHOD(Drafts, "REPLACE stores the new message and takes the old one away, RFC 8508 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open("Drafts");
  const std::string stored = "* OK [APPENDUID " + validity() + " 3] Replacement stored\r\n";
  SECTION("by number") {
    CHECK(client.talk("a REPLACE 1 Drafts (\\Draft) " + literal(letter("three"))) ==
          stored + "* 1 EXPUNGE\r\n* 2 EXISTS\r\n* 2 RECENT\r\na OK REPLACE completed\r\n");
    CHECK(
        client.talk("b FETCH 1:* (UID FLAGS)\r\n") ==
        "* 1 FETCH (UID 2 FLAGS (\\Recent))\r\n* 2 FETCH (UID 3 FLAGS (\\Draft \\Recent))\r\nb OK FETCH completed\r\n");
  }
  SECTION("by UID") {
    CHECK(client.talk("a UID REPLACE 2 Drafts " + literal(letter("three"))) ==
          stored + "* 2 EXPUNGE\r\n* 2 EXISTS\r\n* 2 RECENT\r\na OK UID REPLACE completed\r\n");
  }
  SECTION("the last one, with a mailbox that is a literal") {
    CHECK(has(client.talk("a REPLACE * {6+}\r\nDrafts \"17-Jul-1996 02:44:25 -0700\" " + literal(letter("three"))),
              stored + "* 2 EXPUNGE\r\n"));
  }
  SECTION("invited") {
    const std::string octets = letter("three");
    CHECK(client.talk("a REPLACE 1 Drafts {" + std::to_string(octets.size()) + "}\r\n") == "+ OK\r\n");
    CHECK(has(client.talk(octets + "\r\n"), "a OK REPLACE completed\r\n"));
  }
  SECTION("into another mailbox, with QRESYNC") {
    client.talk("e ENABLE QRESYNC\r\n");
    CHECK(has(client.talk("a REPLACE 1 Sent " + literal(letter("three"))),
              " 1] Replacement stored\r\n* VANISHED 1\r\na OK [HIGHESTMODSEQ 4] REPLACE completed\r\n"));
  }
}

TEST_CASE_METHOD(Drafts, "a REPLACE that cannot be done leaves everything as it was, RFC 8508 3.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  ImapClient other(*this);
  const std::string text = literal(letter("three"));
  client.login();
  CHECK(client.talk("a REPLACE 1 Drafts " + text) == "a BAD Not possible in this state\r\n");
  client.talk("s SELECT Drafts\r\n");
  other.open("Drafts");
  CHECK(client.talk("b REPLACE 3 Drafts " + text) == "b BAD No message has that sequence number\r\n");
  CHECK(client.talk("c UID REPLACE 9 Drafts " + text) == "c NO [CANNOT] No message has that UID\r\n");
  CHECK(client.talk("d REPLACE 1 Nowhere " + text) == "d NO [TRYCREATE] No such mailbox\r\n");
  CHECK(client.talk("e REPLACE 1 Drafts\r\n").substr(0, 5) == "e BAD");
  CHECK(client.talk("f REPLACE 1 Drafts {" + std::to_string(letter("x").size()) + "+}\r\n" + letter("x") + " " +
                    text) == "f NO [CANNOT] Too much in one APPEND\r\n");
  other.talk("x STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
  other.talk("x EXPUNGE\r\n");
  CHECK(has(client.talk("g REPLACE 1 Drafts " + text), "g NO [CANNOT] The message no longer exists\r\n"));
  CHECK(client.talk("h UID SEARCH ALL\r\n") == "* SEARCH 2\r\nh OK UID SEARCH completed\r\n");
  client.talk("i EXAMINE Drafts\r\n");
  CHECK(client.talk("j REPLACE 1 Drafts " + text) == "j NO [NOPERM] Mailbox is open read-only\r\n");
}
