// UIDONLY, UNAUTHENTICATE, INPROGRESS: extensions that change how a session talks.
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::ThreeMessages;

namespace {

// Every look at it is 11 seconds later, once it is let go.
struct Hurrying : base::Clock {
  base::UnixTime now() const override { return 1'000'000'000; }
  std::chrono::steady_clock::time_point steady() const override {
    if (runs) passed += std::chrono::seconds(11);
    return std::chrono::steady_clock::time_point(passed);
  }
  mutable std::chrono::seconds passed{1'000'000};
  bool runs = false;
};

}  // namespace

TEST_CASE_METHOD(ThreeMessages, "after ENABLE UIDONLY messages have no numbers, RFC 9586 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  ImapClient other(*this);
  anna.login();
  other.open();
  CHECK(anna.talk("a ENABLE UIDONLY\r\n") == "* ENABLED UIDONLY\r\na OK ENABLE completed\r\n");
  const std::string opened = anna.talk("b SELECT INBOX\r\n");
  CHECK(has(opened, "* 3 EXISTS\r\n"));
  CHECK_FALSE(has(opened, "UNSEEN"));
  for (const auto* command : {"FETCH 1 FLAGS", "STORE 1 +FLAGS (\\Seen)", "COPY 1 Trash", "MOVE 1 Trash", "SEARCH ALL",
                              "UID SEARCH 1:2", "UID SEARCH NOT (SEEN 1)"}) {
    CHECK(has(anna.talk(std::string("c ") + command + "\r\n"), "c BAD [UIDREQUIRED] "));
  }
  CHECK(has(anna.talk("c REPLACE 1 INBOX {7}\r\n"), "c BAD [UIDREQUIRED] "));
  CHECK(anna.talk("d UID FETCH 2:3 (UID RFC822.SIZE)\r\n").substr(0, 21) == "* 2 UIDFETCH (UID 2 R");
  CHECK(anna.talk("e UID STORE 2 +FLAGS (\\Seen)\r\n") ==
        "* 2 UIDFETCH (FLAGS (\\Seen))\r\ne OK UID STORE completed\r\n");
  other.talk("x STORE 3 +FLAGS (\\Flagged)\r\n");
  CHECK(anna.talk("f NOOP\r\n") == "* 3 UIDFETCH (FLAGS (\\Flagged))\r\nf OK NOOP completed\r\n");
  other.talk("x STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
  CHECK(anna.talk("g EXPUNGE\r\n") == "* VANISHED 1\r\ng OK EXPUNGE completed\r\n");
  CHECK(anna.talk("h UID SEARCH UID 1:3\r\n") == "* SEARCH 2 3\r\nh OK UID SEARCH completed\r\n");
  CHECK(anna.talk("i UID MOVE 3 Trash\r\n").substr(0, 6) == "* OK [");
  CHECK(anna.talk("j UID FETCH 1:* (BODY.PEEK[TEXT])\r\n") ==
        "* 2 UIDFETCH (BODY[TEXT] {7}\r\nHello\r\n)\r\nj OK UID FETCH completed\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "UIDONLY and CONDSTORE together, RFC 9586 3.3") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("a ENABLE UIDONLY QRESYNC\r\n");
  anna.talk("b SELECT INBOX\r\n");
  CHECK(anna.talk("c UID STORE 2 +FLAGS.SILENT (\\Seen)\r\n") ==
        "* 2 UIDFETCH (MODSEQ (5))\r\nc OK UID STORE completed\r\n");
  CHECK(anna.talk("d UID FETCH 1:* (FLAGS) (CHANGEDSINCE 4)\r\n") ==
        "* 2 UIDFETCH (FLAGS (\\Seen \\Recent) MODSEQ (5))\r\nd OK UID FETCH completed\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "UNAUTHENTICATE forgets who the client was and what it enabled, RFC 8437") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.take();
  CHECK(client.talk("a UNAUTHENTICATE\r\n") == "a BAD Not possible in this state\r\n");
  client.open();
  client.talk("b ENABLE QRESYNC\r\n");
  const std::string answer = client.talk("c UNAUTHENTICATE\r\n");
  CHECK(answer.substr(0, 27) == "c OK [CAPABILITY IMAP4rev1 ");
  CHECK(has(answer, " AUTH=PLAIN"));
  CHECK(client.talk("d FETCH 1 FLAGS\r\n") == "d BAD Not possible in this state\r\n");
  client.login();
  CHECK(client.talk("e SELECT INBOX (QRESYNC (1 1))\r\n") == "e BAD QRESYNC has not been enabled\r\n");
  CHECK(has(client.talk("f SELECT INBOX\r\n"), "f OK [READ-WRITE]"));
}

TEST_CASE_METHOD(ThreeMessages, "a command that takes long says how far it is, RFC 9585 3") {
  Hurrying hurrying;
  services.reset(new receiver::imap::Services{*mail, services->authenticator, services->workers, hurrying,
                                              services->hostname, services->spool_dir, services->max_message_octets});
  ImapClient client(*this);
  client.open();
  hurrying.runs = true;
  CHECK(client.talk("a STORE 1:3 +FLAGS.SILENT (\\Seen)\r\n") ==
        "* OK [INPROGRESS (\"a\" NIL 3)] Still working\r\na OK STORE completed\r\n");
  hurrying.runs = false;
  CHECK(client.talk("b STORE 1:3 -FLAGS.SILENT (\\Seen)\r\n") == "b OK STORE completed\r\n");
}
