#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;

namespace {}  // namespace

TEST_CASE_METHOD(ImapFixture, "SETMETADATA and GETMETADATA of a mailbox, RFC 5464 4.2, 4.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  CHECK(has(client.talk("x GETMETADATA INBOX /private/comment\r\n"), "x BAD"));  // not logged in
  client.login();
  CHECK(has(client.talk("a CAPABILITY\r\n"), " METADATA LIST-METADATA "));
  CHECK(client.talk("a SETMETADATA INBOX (/private/comment \"mine\" /Shared/Vendor/X {5}\r\n") == "+ OK\r\n");
  CHECK(client.talk("a\r\n\"b)\r\n") == "a OK SETMETADATA completed\r\n");
  CHECK(client.talk("b GETMETADATA INBOX /private/comment\r\n") ==
        "* METADATA INBOX (/private/comment \"mine\")\r\nb OK GETMETADATA completed\r\n");
  CHECK(client.talk("c GETMETADATA INBOX (/PRIVATE/COMMENT /shared/vendor/x /shared/none)\r\n") ==
        "* METADATA INBOX (/private/comment \"mine\" /shared/none NIL /shared/vendor/x {5}\r\na\r\n\"b)\r\n"
        "c OK GETMETADATA completed\r\n");
  CHECK(client.talk("d SETMETADATA inbox (/private/comment NIL)\r\n") == "d OK SETMETADATA completed\r\n");
  CHECK(client.talk("e GETMETADATA INBOX (/private/comment)\r\n") ==
        "* METADATA INBOX (/private/comment NIL)\r\ne OK GETMETADATA completed\r\n");
  CHECK(client.talk("f GETMETADATA Nowhere /private/comment\r\n") == "f NO [NONEXISTENT] No such mailbox\r\n");
  CHECK(client.talk("g SETMETADATA Nowhere (/private/comment \"x\")\r\n") == "g NO [NONEXISTENT] No such mailbox\r\n");
}

TEST_CASE_METHOD(ImapFixture, "MAXSIZE and DEPTH, before and behind the mailbox, RFC 5464 4.2.1, 4.2.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  client.talk("a SETMETADATA Sent (/shared/a \"1\" /shared/a/b \"22\" /shared/a/b/c \"333\" /shared/ab \"4444\")\r\n");
  const std::string done = " OK GETMETADATA completed\r\n";
  CHECK(client.talk("b GETMETADATA (DEPTH 1) Sent /shared/a\r\n") ==
        "* METADATA Sent (/shared/a \"1\" /shared/a/b \"22\")\r\nb" + done);
  CHECK(client.talk("c GETMETADATA Sent (DEPTH infinity) (/shared/a)\r\n") ==
        "* METADATA Sent (/shared/a \"1\" /shared/a/b \"22\" /shared/a/b/c \"333\")\r\nc" + done);
  CHECK(client.talk("d GETMETADATA (MAXSIZE 2 DEPTH infinity) Sent /shared\r\n") ==
        "* METADATA Sent (/shared/a \"1\" /shared/a/b \"22\")\r\nd OK [METADATA LONGENTRIES 4] GETMETADATA "
        "completed\r\n");
  CHECK(client.talk("e GETMETADATA (DEPTH 1) Sent (/private /shared/none)\r\n") == "e" + done);
  CHECK(has(client.talk("f GETMETADATA Sent /shared\r\n"), "f BAD"));
  CHECK(has(client.talk("g GETMETADATA (DEPTH 2) Sent /shared/a\r\n"), "g BAD"));
}

TEST_CASE_METHOD(ImapFixture, "names that are none are BAD, RFC 5464 3.1") {
  ImapClient client(*this);
  client.login();
  for (const char* name : {"comment", "/comment", "/private//x", "/private/x/", "\"/private/x*\"", "\"/shared/%\"",
                           "/privately/x", "\"/private/x\xC3\xA9\""}) {
    INFO(name);
    ImapClient fresh(*this);
    fresh.login();
    CHECK(has(fresh.talk(std::string("a GETMETADATA INBOX ") + name + "\r\n"), "a BAD"));
  }
  CHECK(has(client.talk("b SETMETADATA INBOX (/private \"x\")\r\n"), "b BAD"));
  CHECK(has(client.talk("c SETMETADATA INBOX ()\r\n"), "c BAD"));
  CHECK(has(client.talk("d SETMETADATA INBOX (/private/x)\r\n"), "d BAD"));
}

TEST_CASE_METHOD(ImapFixture, "METADATA MAXSIZE and TOOMANY; all entries of a command or none, RFC 5464 4.3") {
  ImapClient client(*this);
  client.login();
  const std::string large(16 * 1024, 'x');
  CHECK(has(client.talk("a SETMETADATA INBOX (/private/x {16384}\r\n"), "+ OK"));
  CHECK(has(client.talk(large + ")\r\n"), "a OK"));
  CHECK(has(client.talk("b SETMETADATA INBOX (/private/y \"1\" /private/x {16385}\r\n"), "+ OK"));
  CHECK(client.talk(large + "x)\r\n") == "b NO [METADATA MAXSIZE 16384] The value is too long\r\n");
  for (int i = 1; i < 50; ++i) {
    CHECK(has(client.talk("c SETMETADATA INBOX (/private/" + std::to_string(i) + " \"v\")\r\n"), "c OK"));
  }
  CHECK(has(client.talk("d SETMETADATA INBOX (/shared/s \"1\" /private/50 \"v\")\r\n"), "d NO [METADATA TOOMANY]"));
  CHECK(has(client.talk("e GETMETADATA INBOX (/private/y /shared/s)\r\n"), "(/private/y NIL /shared/s NIL)"));
  CHECK(has(client.talk("f SETMETADATA INBOX (/private/1 NIL /private/50 \"v\")\r\n"), "f OK"));
  CHECK(has(client.talk("g SETMETADATA Sent (/private/1 \"v\")\r\n"), "g OK"));  // counted by mailbox
}

TEST_CASE_METHOD(ImapFixture, "annotations follow RENAME and go with DELETE") {
  ImapClient client(*this);
  client.login();
  client.talk("a CREATE One\r\n");
  client.talk("a SETMETADATA One (/private/comment \"p\" /shared/comment \"s\")\r\n");
  client.talk("a RENAME One Two\r\n");
  CHECK(has(client.talk("b GETMETADATA Two (/private/comment /shared/comment)\r\n"),
            "* METADATA Two (/private/comment \"p\" /shared/comment \"s\")\r\n"));
  client.talk("c DELETE Two\r\n");
  client.talk("c CREATE Two\r\n");
  CHECK(has(client.talk("d GETMETADATA Two /private/comment\r\n"), "(/private/comment NIL)"));
}

TEST_CASE_METHOD(ImapFixture, "the server's entries: private ones, and /shared/admin to be read, RFC 5464 6.2") {
  ImapClient client(*this);
  client.login();
  CHECK(has(client.talk("a SETMETADATA \"\" (/private/vendor/x \"y\")\r\n"), "a OK"));
  CHECK(client.talk("b GETMETADATA (DEPTH infinity) \"\" (/private /shared)\r\n") ==
        "* METADATA \"\" (/private/vendor/x \"y\" /shared/admin \"mailto:postmaster@example.test\")\r\n"
        "b OK GETMETADATA completed\r\n");
  CHECK(has(client.talk("c SETMETADATA \"\" (/shared/comment \"x\")\r\n"), "c NO [NOPERM]"));
  CHECK(has(client.talk("d SETMETADATA \"\" (/shared/admin NIL)\r\n"), "d NO [NOPERM]"));
}

TEST_CASE_METHOD(ImapFixture, "LIST ... RETURN (METADATA ...), RFC 9590") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  client.talk("a SETMETADATA Sent (/shared/vendor/color \"red\")\r\n");
  CHECK(client.talk("b LIST \"\" (Sent Trash) RETURN (METADATA (/shared/vendor/color) STATUS (MESSAGES))\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" Sent\r\n* STATUS Sent (MESSAGES 0)\r\n"
        "* METADATA Sent (/shared/vendor/color \"red\")\r\n"
        "* LIST (\\HasNoChildren) \"/\" Trash\r\n* STATUS Trash (MESSAGES 0)\r\n"
        "* METADATA Trash (/shared/vendor/color NIL)\r\nb OK LIST completed\r\n");
  CHECK(has(client.talk("c LIST \"\" % RETURN (METADATA (/shared))\r\n"), "c BAD"));
}

TEST_CASE_METHOD(ImapFixture,
                 "another's mailbox: r for what is seen and for own entries, w for shared ones, RFC 5464 3.3") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("a CREATE Plans\r\n");
  anna.talk("a SETMETADATA Plans (/private/comment \"anna's\" /shared/comment \"all\")\r\n");
  ImapClient bert(*this);
  bert.talk("login LOGIN bert@example.test secret\r\n");
  const std::string name = "Shared/anna@example.test/Plans";
  const std::string get = " GETMETADATA " + name + " (/private/comment /shared/comment)\r\n";
  CHECK(has(bert.talk("b" + get), "b NO [NONEXISTENT]"));
  anna.talk("a SETACL Plans bert@example.test l\r\n");
  CHECK(has(bert.talk("c" + get), "c NO [NOPERM]"));
  anna.talk("a SETACL Plans bert@example.test lr\r\n");
  CHECK(has(bert.talk("d" + get), "* METADATA " + name + " (/private/comment NIL /shared/comment \"all\")\r\n"));
  CHECK(has(bert.talk("e SETMETADATA " + name + " (/shared/comment \"bert\")\r\n"), "e NO [NOPERM]"));
  CHECK(has(bert.talk("f SETMETADATA " + name + " (/private/comment \"bert's\")\r\n"), "f OK"));
  anna.talk("a SETACL Plans bert@example.test lrw\r\n");
  CHECK(has(bert.talk("g SETMETADATA " + name + " (/shared/comment \"both\")\r\n"), "g OK"));
  CHECK(has(anna.talk("h GETMETADATA Plans (/private/comment /shared/comment)\r\n"),
            "(/private/comment \"anna's\" /shared/comment \"both\")"));
}
