// CONDSTORE: every answer that carries a mod-sequence, and every command that enables it.
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;
using test::ThreeMessages;

TEST_CASE_METHOD(ThreeMessages, "ENABLE names what it has switched on, RFC 5161 3.2") {
  ImapClient client(*this);
  client.login();
  CHECK(client.talk("a ENABLE X-UNKNOWN condstore\r\n") == "* ENABLED CONDSTORE\r\na OK ENABLE completed\r\n");
  CHECK(client.talk("b ENABLE CONDSTORE\r\n") == "* ENABLED\r\nb OK ENABLE completed\r\n");
  CHECK(client.talk("c ENABLE QRESYNC CONDSTORE\r\n") == "* ENABLED QRESYNC\r\nc OK ENABLE completed\r\n");
  CHECK(client.talk("d ENABLE\r\n").substr(0, 5) == "d BAD");
}

TEST_CASE_METHOD(ThreeMessages, "SELECT tells HIGHESTMODSEQ to everybody, RFC 7162 3.1.2") {
  ImapClient client(*this);
  client.login();
  CHECK(has(client.talk("a SELECT INBOX\r\n"), "* OK [HIGHESTMODSEQ 4] Highest\r\n"));
  CHECK(has(client.talk("b EXAMINE INBOX (CONDSTORE)\r\n"), "* OK [HIGHESTMODSEQ 4] Highest\r\n"));
  CHECK(client.talk("c SELECT INBOX (CONDSTORE MAGIC)\r\n").substr(0, 5) == "c BAD");
  CHECK(client.talk("d SELECT INBOX ()\r\n").substr(0, 5) == "d BAD");
  CHECK(client.talk("e SELECT INBOX (QRESYNC (1 1))\r\n") == "e BAD QRESYNC has not been enabled\r\n");
}

TEST_CASE_METHOD(ThreeMessages,
                 "the first command that needs CONDSTORE enables it and tells HIGHESTMODSEQ, RFC 7162 3.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  ImapClient other(*this);
  anna.open();
  other.open();
  const std::string first = "* OK [HIGHESTMODSEQ 4] Highest\r\n";
  SECTION("FETCH MODSEQ") {
    CHECK(anna.talk("a FETCH 2 MODSEQ\r\n") == first + "* 2 FETCH (MODSEQ (3))\r\na OK FETCH completed\r\n");
    CHECK(anna.talk("a FETCH 2 MODSEQ\r\n") == "* 2 FETCH (MODSEQ (3))\r\na OK FETCH completed\r\n");
  }
  SECTION("FETCH CHANGEDSINCE") {
    CHECK(anna.talk("a FETCH 1:* UID (CHANGEDSINCE 4)\r\n") == first + "a OK FETCH completed\r\n");
  }
  SECTION("SEARCH MODSEQ") {
    CHECK(anna.talk("a SEARCH MODSEQ 9\r\n") == first + "* SEARCH\r\na OK SEARCH completed\r\n");
  }
  SECTION("STATUS HIGHESTMODSEQ") {
    CHECK(anna.talk("a STATUS Sent (HIGHESTMODSEQ)\r\n") ==
          first + "* STATUS Sent (HIGHESTMODSEQ 1)\r\na OK STATUS completed\r\n");
  }
  SECTION("LIST RETURN STATUS HIGHESTMODSEQ") {
    CHECK(has(anna.talk("a LIST \"\" Sent RETURN (STATUS (HIGHESTMODSEQ))\r\n"), first));
  }
  SECTION("STORE UNCHANGEDSINCE") {
    CHECK(anna.talk("a STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)\r\n") ==
          first + "a OK [MODIFIED 1] Some of the messages have changed since\r\n");
  }
  SECTION("ENABLE") {
    CHECK(anna.talk("a ENABLE CONDSTORE\r\n") == first + "* ENABLED CONDSTORE\r\na OK ENABLE completed\r\n");
  }
  // From now on every FETCH that nobody asked for has MODSEQ.
  other.talk("x STORE 3 +FLAGS (\\Flagged)\r\n");
  CHECK(anna.talk("z NOOP\r\n") ==
        "* 3 FETCH (UID 3 FLAGS (\\Flagged \\Recent) MODSEQ (5))\r\nz OK NOOP completed\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "CHANGEDSINCE shows what changed, with MODSEQ, RFC 7162 3.1.4.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  client.talk("e ENABLE CONDSTORE\r\n");
  CHECK(client.talk("a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3)\r\n") ==
        "* 3 FETCH (UID 3 FLAGS (\\Recent) MODSEQ (4))\r\na OK UID FETCH completed\r\n");
  CHECK(client.talk("b FETCH 1:2 FAST (CHANGEDSINCE 2)\r\n").substr(0, 11) == "* 2 FETCH (");
  // 0 is outside of the grammar; clients send it and mean everything.
  CHECK(client.talk("c FETCH 1:* UID (CHANGEDSINCE 0)\r\n") ==
        "* 1 FETCH (UID 1 MODSEQ (2))\r\n* 2 FETCH (UID 2 MODSEQ (3))\r\n* 3 FETCH (UID 3 MODSEQ (4))\r\n"
        "c OK FETCH completed\r\n");
  CHECK(client.talk("d FETCH 1:* UID (CHANGEDSINCE 4)\r\n") == "d OK FETCH completed\r\n");
  CHECK(client.talk("e FETCH 1 UID (CHANGEDSINCE 9223372036854775807)\r\n") == "e OK FETCH completed\r\n");
  CHECK(client.talk("f FETCH 1 UID (CHANGEDSINCE 9223372036854775808)\r\n").substr(0, 5) == "f BAD");
  CHECK(client.talk("g FETCH 1 UID (CHANGEDSINCE)\r\n").substr(0, 5) == "g BAD");
  CHECK(client.talk("h FETCH 1 UID (VANISHED)\r\n").substr(0, 5) == "h BAD");
  CHECK(client.talk("i UID FETCH 1 UID (CHANGEDSINCE 1 VANISHED)\r\n") == "i BAD QRESYNC has not been enabled\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "UNCHANGEDSINCE refuses what has changed, RFC 7162 3.1.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  client.talk("e ENABLE CONDSTORE\r\n");
  CHECK(client.talk("a STORE 1:3 (UNCHANGEDSINCE 3) +FLAGS (\\Seen)\r\n") ==
        "* 1 FETCH (FLAGS (\\Seen \\Recent) MODSEQ (5))\r\n* 2 FETCH (FLAGS (\\Seen \\Recent) MODSEQ (5))\r\n"
        "a OK [MODIFIED 3] Some of the messages have changed since\r\n");
  // Silently: the mod-sequences all the same, of every message that passed.
  CHECK(client.talk("b UID STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\\Seen)\r\n") ==
        "* 3 FETCH (UID 3 MODSEQ (6))\r\nb OK [MODIFIED 1:2] Some of the messages have changed since\r\n");
  CHECK(client.talk("c STORE 1:3 (UNCHANGEDSINCE 0) -FLAGS (\\Seen)\r\n") ==
        "c OK [MODIFIED 1:3] Some of the messages have changed since\r\n");
  CHECK(client.talk("d STORE 1 (UNCHANGEDSINCE 9) +FLAGS.SILENT (\\Seen)\r\n") ==
        "* 1 FETCH (MODSEQ (5))\r\nd OK STORE completed\r\n");
  // Without the test, silence means that the new mod-sequence is still told (RFC 7162 3.1.3 example 10).
  CHECK(client.talk("e STORE 2 -FLAGS.SILENT (\\Seen)\r\n") == "* 2 FETCH (MODSEQ (7))\r\ne OK STORE completed\r\n");
  CHECK(client.talk("f STORE 1 (UNCHANGEDSINCE) +FLAGS (\\Seen)\r\n").substr(0, 5) == "f BAD");
  CHECK(client.talk("g STORE 1 (CHANGEDSINCE 1) +FLAGS (\\Seen)\r\n").substr(0, 5) == "g BAD");
}

TEST_CASE_METHOD(ThreeMessages, "a conditional STORE of a message that another session expunged, RFC 7162 3.1.3") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.open();
  other.open();
  anna.talk("e ENABLE CONDSTORE\r\n");
  other.talk("x UID STORE 2 +FLAGS.SILENT (\\Deleted)\r\n");
  other.talk("x EXPUNGE\r\n");
  CHECK(anna.talk("a STORE 1:3 (UNCHANGEDSINCE 3) +FLAGS (\\Seen)\r\n") ==
        "* 1 FETCH (FLAGS (\\Seen \\Recent) MODSEQ (7))\r\n"
        "a NO [MODIFIED 3] Some of the messages no longer exist\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "SEARCH MODSEQ, and the highest of what it found, RFC 7162 3.1.5, RFC 4731 3.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  client.talk("e ENABLE CONDSTORE\r\n");
  client.talk("e STORE 1 +FLAGS (\\Seen)\r\n");  // 5
  CHECK(client.talk("a SEARCH MODSEQ 4\r\n") == "* SEARCH 1 3 (MODSEQ 5)\r\na OK SEARCH completed\r\n");
  CHECK(client.talk("b UID SEARCH NOT MODSEQ 4\r\n") == "* SEARCH 2 (MODSEQ 3)\r\nb OK UID SEARCH completed\r\n");
  CHECK(client.talk("c SEARCH MODSEQ \"/flags/\\\\draft\" all 5\r\n") ==
        "* SEARCH 1 (MODSEQ 5)\r\nc OK SEARCH completed\r\n");
  CHECK(client.talk("d SEARCH MODSEQ 6\r\n") == "* SEARCH\r\nd OK SEARCH completed\r\n");
  CHECK(client.talk("e SEARCH RETURN (MAX) MODSEQ 1\r\n") ==
        "* ESEARCH (TAG \"e\") MAX 3 MODSEQ 4\r\ne OK SEARCH completed\r\n");
  CHECK(client.talk("f SEARCH RETURN (MIN MAX COUNT) MODSEQ 1\r\n") ==
        "* ESEARCH (TAG \"f\") MIN 1 MAX 3 COUNT 3 MODSEQ 5\r\nf OK SEARCH completed\r\n");
  CHECK(client.talk("g SEARCH ALL\r\n") == "* SEARCH 1 2 3\r\ng OK SEARCH completed\r\n");
  CHECK(client.talk("h SEARCH MODSEQ \"/flags/\\\\draft\" some 5\r\n").substr(0, 5) == "h BAD");
}

TEST_CASE_METHOD(ThreeMessages, "a FETCH that sets \\Seen tells the new mod-sequence, RFC 7162 3.1") {
  ImapClient client(*this);
  client.open();
  client.talk("e ENABLE CONDSTORE\r\n");
  CHECK(client.talk("a FETCH 1 BODY[TEXT]\r\n") ==
        "* 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent) MODSEQ (5))\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH 1 FLAGS\r\n") == "* 1 FETCH (FLAGS (\\Seen \\Recent))\r\nb OK FETCH completed\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "EXPUNGE, MOVE and CLOSE answer with HIGHESTMODSEQ, RFC 7162 3.2.7, 3.2.8") {
  ImapClient client(*this);
  client.open();
  client.talk("e ENABLE CONDSTORE\r\n");
  CHECK(client.talk("a EXPUNGE\r\n") == "a OK EXPUNGE completed\r\n");  // nothing went
  client.talk("b STORE 1 +FLAGS (\\Deleted)\r\n");                      // 5
  CHECK(client.talk("c EXPUNGE\r\n") == "* 1 EXPUNGE\r\nc OK [HIGHESTMODSEQ 6] EXPUNGE completed\r\n");
  CHECK(has(client.talk("d MOVE 1 Trash\r\n"), "* 1 EXPUNGE\r\nd OK [HIGHESTMODSEQ 7] MOVE completed\r\n"));
  client.talk("e STORE 1 +FLAGS (\\Deleted)\r\n");  // 8
  SECTION("alone") { CHECK(client.talk("f CLOSE\r\n") == "f OK [HIGHESTMODSEQ 9] CLOSE completed\r\n"); }
  SECTION("what another did must not be skipped") {
    deliver("INBOX", letter("four"));  // 9, never told
    CHECK(client.talk("f CLOSE\r\n") == "f OK [HIGHESTMODSEQ 8] CLOSE completed\r\n");
  }
}
