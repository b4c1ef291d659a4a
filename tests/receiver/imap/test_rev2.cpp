// IMAP4rev2, RFC 9051: what ENABLE IMAP4rev2 changes (Appendix E), and that nothing changes for who has not enabled it.
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

constexpr const char* kEnable = "e ENABLE IMAP4rev2\r\n";
// "Entwürfe" with a composed and a decomposed ü.
const std::string kComposed = "Entw\xc3\xbcrfe";
const std::string kDecomposed = "Entwu\xcc\x88rfe";

}  // namespace

TEST_CASE_METHOD(ImapFixture, "both revisions are offered and ENABLE tells IMAP4rev2 once, RFC 9051 6.3.1, D") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  CHECK(has(anna.talk("c CAPABILITY\r\n"), "* CAPABILITY IMAP4rev1 IMAP4rev2 "));
  anna.login();
  CHECK(anna.talk("a ENABLE imap4REV2 CONDSTORE\r\n") == "* ENABLED IMAP4rev2 CONDSTORE\r\na OK ENABLE completed\r\n");
  CHECK(anna.talk("b ENABLE IMAP4rev2\r\n") == "* ENABLED\r\nb OK ENABLE completed\r\n");
  // Each names what is now on; what they share is not counted twice.
  CHECK(anna.talk("c ENABLE UTF8=ACCEPT\r\n") == "* ENABLED UTF8=ACCEPT\r\nc OK ENABLE completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "SELECT in IMAP4rev2 has LIST, and neither RECENT nor UNSEEN, RFC 9051 6.3.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("Sent", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk(kEnable);
  const std::string answer = anna.talk("a SELECT Sent\r\n");
  CHECK(has(answer, "* 1 EXISTS\r\n"));
  CHECK(has(answer, "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\r\n"));
  CHECK(has(answer, "* FLAGS ("));
  CHECK(has(answer, "[PERMANENTFLAGS ("));
  CHECK(has(answer, "[UIDVALIDITY "));
  CHECK(has(answer, "[UIDNEXT 2]"));
  CHECK_FALSE(has(answer, "RECENT"));
  CHECK_FALSE(has(answer, "UNSEEN"));
  CHECK(has(anna.talk("b EXAMINE inbox\r\n"), "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"));
  const std::string again = anna.talk("c EXAMINE Sent\r\n");
  CHECK(has(again, "* OK [CLOSED]"));
  CHECK(has(again, "c OK [READ-ONLY]"));
}

TEST_CASE_METHOD(ImapFixture,
                 "in IMAP4rev2 nothing is \\Recent, and the first other session still gets it, RFC 9051 E") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk(kEnable);
  anna.talk("a SELECT INBOX\r\n");
  CHECK(anna.talk("b FETCH 1 FLAGS\r\n") == "* 1 FETCH (FLAGS ())\r\nb OK FETCH completed\r\n");
  deliver("INBOX", letter("two"));
  CHECK(anna.talk("c NOOP\r\n") == "* 2 EXISTS\r\nc OK NOOP completed\r\n");
  CHECK(anna.talk("d SEARCH RECENT\r\n") == "* ESEARCH (TAG \"d\")\r\nd OK SEARCH completed\r\n");
  CHECK(anna.talk("e SEARCH OLD\r\n") == "* ESEARCH (TAG \"e\") ALL 1:2\r\ne OK SEARCH completed\r\n");
  ImapClient first(*this);
  first.login();
  CHECK(has(first.talk("a SELECT INBOX\r\n"), "* 2 RECENT\r\n"));
  CHECK(has(first.talk("b FETCH 1:2 FLAGS\r\n"), "* 2 FETCH (FLAGS (\\Recent))\r\n"));
}

TEST_CASE_METHOD(ImapFixture, "ENABLE IMAP4rev2 in a selected mailbox works from there on, RFC 9051 6.3.1") {
  deliver("INBOX", letter("one"));
  ImapClient anna(*this);
  anna.open();
  CHECK(has(anna.talk("a FETCH 1 FLAGS\r\n"), "\\Recent"));
  anna.talk(kEnable);
  CHECK_FALSE(has(anna.talk("b FETCH 1 FLAGS\r\n"), "\\Recent"));
  deliver("INBOX", letter("two"));
  CHECK(anna.talk("c NOOP\r\n") == "* 2 EXISTS\r\nc OK NOOP completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "SEARCH answers with ESEARCH in IMAP4rev2, RFC 9051 6.4.4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  for (const char* subject : {"one", "two", "three"}) deliver("INBOX", letter(subject));
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk(kEnable);
  anna.talk("s SELECT INBOX\r\n");
  anna.talk("x STORE 1 +FLAGS (\\Deleted)\r\ny EXPUNGE\r\n");
  CHECK(anna.talk("a SEARCH ALL\r\n") == "* ESEARCH (TAG \"a\") ALL 1:2\r\na OK SEARCH completed\r\n");
  CHECK(anna.talk("b UID SEARCH SUBJECT three\r\n") ==
        "* ESEARCH (TAG \"b\") UID ALL 3\r\nb OK UID SEARCH completed\r\n");
  CHECK(anna.talk("c SEARCH FLAGGED\r\n") == "* ESEARCH (TAG \"c\")\r\nc OK SEARCH completed\r\n");
  CHECK(anna.talk("d SEARCH RETURN (COUNT) ALL\r\n") == "* ESEARCH (TAG \"d\") COUNT 2\r\nd OK SEARCH completed\r\n");
  CHECK(anna.talk("e SEARCH CHARSET UTF-8 SUBJECT two\r\n") ==
        "* ESEARCH (TAG \"e\") ALL 1\r\ne OK SEARCH completed\r\n");
  // The tag is a string: one that has an odd character is still quoted.
  CHECK(has(anna.talk("a]1 UID SEARCH MODSEQ 1 ALL\r\n"), "\r\n* ESEARCH (TAG \"a]1\") UID ALL 2:3 MODSEQ "));
}

TEST_CASE_METHOD(ImapFixture, "names are UTF-8 after ENABLE IMAP4rev2 and in modified UTF-7 before, RFC 9051 5.1") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.login();
  other.login();
  anna.talk(kEnable);
  CHECK(test::made(anna.talk("a CREATE \"" + kComposed + "\"\r\n"), "a"));
  CHECK(test::made(anna.talk("b CREATE R&D\r\n"), "b"));
  CHECK(has(anna.talk("c LIST \"\" Entw*\r\n"), "\"/\" \"" + kComposed + "\"\r\n"));
  CHECK(has(other.talk("c LIST \"\" Entw*\r\n"), "\"/\" Entw&APw-rfe\r\n"));
  CHECK(has(other.talk("d LIST \"\" R*\r\n"), "\"/\" R&-D\r\n"));
}

TEST_CASE_METHOD(ImapFixture,
                 "a name that is not composed finds the mailbox, and OLDNAME tells, RFC 9051 5.1, 6.3.9.7") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk(kEnable);
  const std::string line =
      "* LIST (\\HasNoChildren) \"/\" \"" + kComposed + "\" (\"OLDNAME\" (\"" + kDecomposed + "\"))\r\n";
  const std::string made = anna.talk("a CREATE \"" + kDecomposed + "\"\r\n");
  CHECK(made.find(line + "a OK [MAILBOXID (") == 0);
  CHECK(has(anna.talk("b SELECT \"" + kDecomposed + "\"\r\n"), line));
  CHECK(has(anna.talk("c SELECT \"" + kComposed + "\"\r\n"), "\"/\" \"" + kComposed + "\"\r\n"));
  CHECK(has(anna.talk("d LIST \"\" \"" + kDecomposed + "*\"\r\n"), "\"/\" \"" + kComposed + "\"\r\n"));
  CHECK(has(anna.talk("e STATUS \"" + kDecomposed + "\" (MESSAGES)\r\n"), "\"" + kComposed + "\" (MESSAGES 0)"));
  CHECK(has(anna.talk("f CREATE \"" + kComposed + "\"\r\n"), "f NO [ALREADYEXISTS]"));
  anna.talk("g UNSELECT\r\n");
  CHECK(anna.talk("h RENAME \"" + kDecomposed + "\" Plans\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" Plans (\"OLDNAME\" (\"" + kComposed + "\"))\r\nh OK RENAME completed\r\n");
  // Who speaks IMAP4rev1 does not get these lines.
  ImapClient other(*this);
  other.login();
  CHECK(other.talk("a RENAME Plans Entwu&Awg-rfe\r\n") == "a OK RENAME completed\r\n");
  CHECK(has(other.talk("b LIST \"\" Entw*\r\n"), "\"/\" Entw&APw-rfe\r\n"));
}

TEST_CASE_METHOD(ImapFixture,
                 "a level above mailboxes is shown as not existing and cannot be deleted, RFC 9051 6.3.5") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("a CREATE Work/2001\r\nb DELETE Work\r\n");
  CHECK(has(anna.talk("c LIST \"\" Work\r\n"), "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Work\r\n"));
  CHECK(has(anna.talk("d DELETE Work\r\n"), "d NO [HASCHILDREN] "));
  CHECK(has(anna.talk("e DELETE Nothing\r\n"), "e NO [NONEXISTENT] "));
  CHECK(has(anna.talk("f DELETE Work/2001\r\n"), "f OK "));
  CHECK(has(anna.talk("g DELETE Work\r\n"), "g NO [NONEXISTENT] "));
  CHECK(has(anna.talk("h DELETE INBOX\r\n"), "h NO [CANNOT] "));
}

TEST_CASE_METHOD(ImapFixture, "what is missing is TRYCREATE for COPY, MOVE and APPEND, RFC 9051 6.3.12, 6.4.7") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk(kEnable);
  anna.talk("s SELECT INBOX\r\n");
  CHECK(has(anna.talk("a COPY 1 Nowhere\r\n"), "a NO [TRYCREATE]"));
  CHECK(has(anna.talk("b MOVE 1 Nowhere\r\n"), "b NO [TRYCREATE]"));
  CHECK(has(anna.talk("c APPEND Nowhere {3+}\r\nabc\r\nd NOOP\r\n"), "c NO [TRYCREATE]"));
  CHECK(has(anna.talk("f STATUS INBOX (MESSAGES DELETED SIZE)\r\n"), "* STATUS INBOX (MESSAGES 1 DELETED 0 SIZE "));
  CHECK(has(anna.talk("g LIST \"\" Nowhere\r\n"), "g OK "));
}
