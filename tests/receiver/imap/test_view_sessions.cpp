#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

struct Shared : ImapFixture {
  Shared() {
    for (const auto* subject : {"one", "two", "three"}) deliver("INBOX", letter(subject));
  }
};

}  // namespace

TEST_CASE_METHOD(Shared, "EXPUNGE of another session is withheld while numbers are in use, RFC 9051 7.5.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  ImapClient other(*this, {step, true, true});
  anna.open();
  other.open();
  other.talk("x STORE 2 +FLAGS.SILENT (\\Deleted)\r\n");
  CHECK(other.talk("x EXPUNGE\r\n") == "* 2 EXPUNGE\r\nx OK EXPUNGE completed\r\n");
  // Sequence number 3 still means the third message.
  CHECK(anna.talk("a FETCH 3 UID\r\n") == "* 3 FETCH (UID 3)\r\na OK FETCH completed\r\n");
  CHECK(anna.talk("b FETCH 1:3 UID\r\n") ==
        "* 1 FETCH (UID 1)\r\n* 3 FETCH (UID 3)\r\nb NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
  CHECK(anna.talk("c STORE 2 +FLAGS (\\Seen)\r\n") == "c NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
  CHECK(anna.talk("d SEARCH ALL\r\n") == "* SEARCH 1 3\r\nd OK SEARCH completed\r\n");
  SECTION("NOOP tells") { CHECK(anna.talk("e NOOP\r\n") == "* 2 EXPUNGE\r\ne OK NOOP completed\r\n"); }
  SECTION("a UID command tells") {
    CHECK(anna.talk("e UID FETCH 3 UID\r\n") == "* 3 FETCH (UID 3)\r\n* 2 EXPUNGE\r\ne OK UID FETCH completed\r\n");
  }
  CHECK(anna.talk("f FETCH 2 UID\r\n") == "* 2 FETCH (UID 3)\r\nf OK FETCH completed\r\n");
}

TEST_CASE_METHOD(Shared, "arrivals are told even while EXPUNGE is withheld, and the numbers stay right") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.open();
  other.open();
  other.talk("x STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
  other.talk("x EXPUNGE\r\n");
  deliver("INBOX", letter("four"));
  CHECK(anna.talk("a FETCH 3 UID\r\n") == "* 3 FETCH (UID 3)\r\n* 4 EXISTS\r\n* 4 RECENT\r\na OK FETCH completed\r\n");
  CHECK(anna.talk("b NOOP\r\n") == "* 1 EXPUNGE\r\nb OK NOOP completed\r\n");
  CHECK(anna.talk("c FETCH 3 UID\r\n") == "* 3 FETCH (UID 4)\r\nc OK FETCH completed\r\n");
}

TEST_CASE_METHOD(Shared, "flags set by another session are told, with its new keyword") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  ImapClient other(*this, {step, true, true});
  anna.open();
  other.open();
  other.talk("x STORE 2 +FLAGS (\\Answered)\r\n");
  CHECK(anna.talk("a NOOP\r\n") == "* 2 FETCH (UID 2 FLAGS (\\Answered \\Recent))\r\na OK NOOP completed\r\n");
  other.talk("x STORE 3 +FLAGS (Work)\r\n");
  CHECK(anna.talk("b NOOP\r\n") ==
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Work)\r\n"
        "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Work \\*)] Flags permitted\r\n"
        "* 3 FETCH (UID 3 FLAGS (Work \\Recent))\r\nb OK NOOP completed\r\n");
  CHECK(other.talk("c NOOP\r\n") == "c OK NOOP completed\r\n");
}

TEST_CASE_METHOD(Shared, "SILENT hides our own change only, RFC 9051 6.4.6") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.open();
  other.open();
  other.talk("x STORE 1 +FLAGS (\\Flagged)\r\n");
  CHECK(anna.talk("a STORE 1:2 +FLAGS.SILENT (\\Seen)\r\n") ==
        "* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen \\Recent))\r\na OK STORE completed\r\n");
}

TEST_CASE_METHOD(Shared, "Recent is given to one session, RFC 3501 2.3.2") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.login();
  other.login();
  CHECK(anna.talk("a SELECT INBOX\r\n").find("* 3 RECENT\r\n") != std::string::npos);
  CHECK(other.talk("a SELECT INBOX\r\n").find("* 0 RECENT\r\n") != std::string::npos);
  deliver("INBOX", letter("four"));
  CHECK(other.talk("b NOOP\r\n") == "* 4 EXISTS\r\n* 1 RECENT\r\nb OK NOOP completed\r\n");
  CHECK(anna.talk("b NOOP\r\n") == "* 4 EXISTS\r\n* 3 RECENT\r\nb OK NOOP completed\r\n");
  CHECK(anna.talk("c FETCH 3:4 FLAGS\r\n") ==
        "* 3 FETCH (FLAGS (\\Recent))\r\n* 4 FETCH (FLAGS ())\r\nc OK FETCH completed\r\n");
}

TEST_CASE_METHOD(Shared, "EXAMINE shows Recent and leaves it to the next session, RFC 3501 6.3.2") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("x EXAMINE INBOX\r\n");
  deliver("INBOX", letter("four"));
  CHECK(anna.talk("a NOOP\r\n") == "* 4 EXISTS\r\n* 4 RECENT\r\na OK NOOP completed\r\n");
  CHECK(anna.talk("b SELECT INBOX\r\n").find("* 4 RECENT\r\n") != std::string::npos);
  CHECK(anna.talk("c SELECT INBOX\r\n").find("* 0 RECENT\r\n") != std::string::npos);
}

TEST_CASE_METHOD(Shared, "MOVE by another session is an expunge here and an arrival there") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.open();
  other.open("Archive");
  anna.talk("x MOVE 1 Archive\r\n");
  CHECK(other.talk("a NOOP\r\n") == "* 1 EXISTS\r\n* 1 RECENT\r\na OK NOOP completed\r\n");
}

TEST_CASE_METHOD(Shared, "IDLE tells of a delivery at once, RFC 9051 6.3.13") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.open();
  CHECK(anna.talk("a IDLE\r\n") == "+ idling\r\n");
  deliver("INBOX", letter("four"));
  CHECK(anna.until("RECENT") == "* 4 EXISTS\r\n* 4 RECENT\r\n");
  CHECK(anna.talk("DONE\r\n") == "a OK IDLE completed\r\n");
  CHECK(anna.talk("b NOOP\r\n") == "b OK NOOP completed\r\n");
}

TEST_CASE_METHOD(Shared, "IDLE tells of flags and expunges of another session") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.open();
  other.open();
  anna.talk("a IDLE\r\n");
  other.talk("x STORE 2 +FLAGS (\\Deleted)\r\n");
  CHECK(anna.until("FETCH") == "* 2 FETCH (UID 2 FLAGS (\\Deleted \\Recent))\r\n");
  other.talk("x EXPUNGE\r\n");
  CHECK(anna.until("EXPUNGE") == "* 2 EXPUNGE\r\n");
  CHECK(anna.talk("done\r\n") == "a OK IDLE completed\r\n");
}

TEST_CASE_METHOD(Shared, "pipelined IDLE and DONE, IDLE without a mailbox, anything but DONE") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.login();
  CHECK(anna.talk("a IDLE\r\nDONE\r\nb NOOP\r\n") == "+ idling\r\na OK IDLE completed\r\nb OK NOOP completed\r\n");
  anna.talk("x SELECT INBOX\r\n");
  CHECK(anna.talk("c IDLE\r\nDONE\r\nd NOOP\r\n") == "+ idling\r\nc OK IDLE completed\r\nd OK NOOP completed\r\n");
  CHECK(anna.talk("e IDLE\r\nf NOOP\r\n") == "+ idling\r\ne BAD Expected DONE\r\n");
  CHECK(anna.talk("g NOOP\r\n") == "g OK NOOP completed\r\n");
}

TEST_CASE_METHOD(Shared, "an idling client that goes away is noticed") {
  ImapClient anna(*this);
  anna.open();
  anna.talk("a IDLE\r\n");
  anna.stream.end();
  anna.run_until_idle();
  CHECK(anna.done());
  deliver("INBOX", letter("four"));  // nobody is called any more
}
