// MESSAGELIMIT and SAVELIMIT (RFC 9738), with a limit of three messages.
#include "receiver/imap/limits.hpp"
#include "receiver/imap/message_limit.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using receiver::imap::IndexRange;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

const std::string kThreeOf = "[MESSAGELIMIT 3 5] Completed for the last 3 messages\r\n";

// UIDs 2, 3, 5, 6 and 7 with the numbers 1 to 5: the three highest begin at 5.
struct Five : ImapFixture {
  Five() {
    services->message_limit.all = 3;
    for (const auto* subject : {"one", "two", "three", "four", "five", "six", "seven"}) {
      deliver("INBOX", letter(subject));
    }
    const base::MailboxId inbox = box("INBOX");
    const std::vector<base::Uid> gone{base::Uid{1}, base::Uid{4}};
    const auto expunged =
        mail->env().write([&](store::mail::WriteTxn& txn) { return store::mail::expunge(txn, inbox, gone, false); });
    REQUIRE(expunged.ok());
  }
};

}  // namespace

TEST_CASE("the highest messages of a set") {
  const auto kept = [](std::vector<IndexRange> ranges, std::uint32_t limit) {
    const auto lowest = receiver::imap::keep_highest(ranges, limit);
    std::string text = lowest.has_value() ? std::to_string(*lowest) + ":" : "all:";
    for (const auto& range : ranges) text += " " + std::to_string(range.first) + "-" + std::to_string(range.last);
    return text;
  };
  CHECK(kept({}, 3) == "all:");
  CHECK(kept({{0, 2}, {4, 5}}, 3) == "all: 0-2 4-5");
  CHECK(kept({{0, 2}, {4, 5}}, 2) == "1: 1-2 4-5");
  CHECK(kept({{0, 2}, {4, 5}}, 1) == "4: 4-5");
  CHECK(kept({{0, 9}, {14, 25}, {30, 31}}, 12) == "14: 14-25 30-31");
  CHECK(kept({{0, 9}}, 0) == "all: 0-9");
}

TEST_CASE_METHOD(Five, "the limit is advertised when there is one, RFC 9738 3") {
  ImapClient client(*this);
  CHECK(has(client.talk("a CAPABILITY\r\n"), " MESSAGELIMIT=3 "));
  client.login();
  CHECK(has(client.talk("a CAPABILITY\r\n"), " MESSAGELIMIT=3 "));
  services->message_limit = {0, 3};
  CHECK(has(client.talk("b CAPABILITY\r\n"), " SAVELIMIT=3 "));
  CHECK_FALSE(has(client.talk("b CAPABILITY\r\n"), "MESSAGELIMIT"));
  services->message_limit = {};
  CHECK_FALSE(has(client.talk("c CAPABILITY\r\n"), "ELIMIT="));
}

TEST_CASE_METHOD(Five, "FETCH shows the highest and names the lowest of them, RFC 9738 3.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  const std::string last = "* 3 FETCH (UID 5)\r\n* 4 FETCH (UID 6)\r\n* 5 FETCH (UID 7)\r\n";
  CHECK(client.talk("a FETCH 1:* UID\r\n") == last + "a OK " + kThreeOf);
  CHECK(client.talk("b UID FETCH 1:* UID\r\n") == last + "b OK " + kThreeOf);
  // The client goes on below it, and is done.
  CHECK(client.talk("c UID FETCH 1:4 UID\r\n") ==
        "* 1 FETCH (UID 2)\r\n* 2 FETCH (UID 3)\r\nc OK UID FETCH completed\r\n");
  CHECK(client.talk("d FETCH 1,3,5 UID\r\n") ==
        "* 1 FETCH (UID 2)\r\n* 3 FETCH (UID 5)\r\n* 5 FETCH (UID 7)\r\nd OK FETCH completed\r\n");
  CHECK(client.talk("e FETCH 1,2,4,5 UID\r\n") ==
        "* 2 FETCH (UID 3)\r\n* 4 FETCH (UID 6)\r\n* 5 FETCH (UID 7)\r\n"
        "e OK [MESSAGELIMIT 3 3] Completed for the last 3 messages\r\n");
  // Nothing of the others gets \Seen.
  CHECK(has(client.talk("f FETCH 1:5 BODY[TEXT]\r\n"), "f OK [MESSAGELIMIT 3 5] "));
  CHECK(client.talk("g SEARCH 1:2 UNSEEN\r\n") == "* SEARCH 1 2\r\ng OK SEARCH completed\r\n");
}

TEST_CASE_METHOD(Five, "a page over the limit is refused and nothing is done, RFC 9738 3.1") {
  ImapClient client(*this);
  client.talk("login LOGIN anna@example.test secret\r\ne ENABLE QRESYNC\r\n");
  client.open();
  const std::string refused = "NO [MESSAGELIMIT 3] Too many messages, try a smaller set\r\n";
  CHECK(client.talk("a UID FETCH 1:* UID (PARTIAL -1:-4)\r\n") == "a " + refused);
  CHECK(has(client.talk("b UID FETCH 1:* UID (PARTIAL -1:-3)\r\n"), "(UID 5)"));
  CHECK(has(client.talk("b UID FETCH 1:* UID (PARTIAL -1:-3)\r\n"), "b OK UID FETCH completed"));
  CHECK(client.talk("c UID FETCH 1:* UID (PARTIAL 1:9 CHANGEDSINCE 1 VANISHED)\r\n") == "c " + refused);
  CHECK(client.talk("d UID FETCH 1:3 UID (PARTIAL 1:9)\r\n") ==
        "* 1 FETCH (UID 2)\r\n* 2 FETCH (UID 3)\r\nd OK UID FETCH completed\r\n");  // there are only two
}

TEST_CASE_METHOD(Five, "CHANGEDSINCE counts what has changed, VANISHED tells all, RFC 9738 3.1, RFC 7162 3.2.6") {
  ImapClient client(*this);
  client.talk("login LOGIN anna@example.test secret\r\ne ENABLE QRESYNC\r\n");
  client.open();
  CHECK(client.talk("a UID FETCH 1:* UID (CHANGEDSINCE 1 VANISHED)\r\n") ==
        "* VANISHED (EARLIER) 1,4\r\n* 3 FETCH (UID 5 MODSEQ (6))\r\n* 4 FETCH (UID 6 MODSEQ (7))\r\n"
        "* 5 FETCH (UID 7 MODSEQ (8))\r\na OK " +
            kThreeOf);
  CHECK(has(client.talk("b UID FETCH 1:* UID (CHANGEDSINCE 5)\r\n"), "b OK UID FETCH completed"));
}

TEST_CASE_METHOD(Five, "EXPUNGEISSUED stands in the tagged OK, the limit in an untagged NO, RFC 9738 3.1") {
  ImapClient client(*this);
  ImapClient other(*this);
  client.open();
  other.open();
  other.talk("x STORE 4 +FLAGS.SILENT (\\Deleted)\r\nx EXPUNGE\r\n");
  CHECK(client.talk("a FETCH 1:* UID\r\n") ==
        "* 3 FETCH (UID 5)\r\n* 5 FETCH (UID 7)\r\n* NO [MESSAGELIMIT 3 5] Completed for the last 3 messages\r\n"
        "a OK [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
  CHECK(has(client.talk("b STORE 1:5 +FLAGS (\\Seen)\r\n"),
            "* NO [MESSAGELIMIT 3 5] Completed for the last 3 messages\r\nb OK [EXPUNGEISSUED] "));
  CHECK(client.talk("c FETCH 4:5 UID\r\n") ==
        "* 5 FETCH (UID 7)\r\nc NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
}

TEST_CASE_METHOD(Five, "STORE changes the highest, RFC 9738 3.1") {
  ImapClient client(*this);
  client.open();
  CHECK(client.talk("a UID STORE 1:* +FLAGS (\\Flagged)\r\n") ==
        "* 3 FETCH (UID 5 FLAGS (\\Flagged \\Recent))\r\n* 4 FETCH (UID 6 FLAGS (\\Flagged \\Recent))\r\n"
        "* 5 FETCH (UID 7 FLAGS (\\Flagged \\Recent))\r\na OK " +
            kThreeOf);
  CHECK(client.talk("b STORE 1:* +FLAGS.SILENT (\\Seen)\r\n") == "b OK " + kThreeOf);
  CHECK(client.talk("c UID SEARCH UID 1:4 UNFLAGGED UNSEEN\r\n") == "* SEARCH 2 3\r\nc OK UID SEARCH completed\r\n");
  // MODIFIED keeps the tagged OK (RFC 7162 §3.1.3).
  CHECK(has(client.talk("d UID STORE 1:* (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Draft)\r\n"),
            "* NO [MESSAGELIMIT 3 5] Completed for the last 3 messages\r\nd OK [MODIFIED 5:7] "));
}

TEST_CASE_METHOD(Five, "SEARCH counts the messages that it looks at, RFC 9738 3.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  CHECK(client.talk("a UID SEARCH ALL\r\n") == "* SEARCH 5 6 7\r\na OK " + kThreeOf);
  CHECK(client.talk("b SEARCH SUBJECT one\r\n") == "* SEARCH\r\nb OK " + kThreeOf);
  CHECK(client.talk("c SEARCH BODY Hello\r\n") == "* SEARCH 3 4 5\r\nc OK " + kThreeOf);
  CHECK(client.talk("d UID SEARCH UID 1:5 SUBJECT e\r\n") == "* SEARCH 3 5\r\nd OK UID SEARCH completed\r\n");
  CHECK(client.talk("e SEARCH 1,3,5 (UNDELETED UID 1:6)\r\n") == "* SEARCH 1 3\r\ne OK SEARCH completed\r\n");
  CHECK(client.talk("f SEARCH 1:99 UID 2:6\r\n") ==
        "* SEARCH 2 3 4\r\nf OK [MESSAGELIMIT 3 3] Completed for the last 3 messages\r\n");
  CHECK(client.talk("g SEARCH OR UID 2 UID 3\r\n") == "* SEARCH\r\ng OK " + kThreeOf);  // it looks at all of them
  CHECK(client.talk("h SEARCH RETURN (MIN COUNT) ALL\r\n") ==
        "* ESEARCH (TAG \"h\") MIN 3 COUNT 3\r\nh OK " + kThreeOf);
  CHECK(client.talk("i SEARCH UID 90:91\r\n") == "* SEARCH\r\ni OK SEARCH completed\r\n");
}

TEST_CASE_METHOD(Five, "\"$\" keeps what the limit leaves, RFC 9738 3.4") {
  ImapClient client(*this);
  client.open();
  CHECK(client.talk("a SEARCH RETURN (SAVE) ALL\r\n") == "a OK " + kThreeOf);
  CHECK(client.talk("b FETCH $ UID\r\n") ==
        "* 3 FETCH (UID 5)\r\n* 4 FETCH (UID 6)\r\n* 5 FETCH (UID 7)\r\nb OK FETCH completed\r\n");
  CHECK(client.talk("c SEARCH $ UNSEEN\r\n") == "* SEARCH 3 4 5\r\nc OK SEARCH completed\r\n");
}

TEST_CASE_METHOD(Five, "UIDAFTER and UIDBEFORE, RFC 9738 3.2") {
  services->message_limit = {};
  ImapClient client(*this);
  client.open();
  const auto found = [&client](const std::string& keys) {
    const std::string answer = client.talk("a UID SEARCH " + keys + "\r\n");
    return answer.substr(0, answer.find("\r\n"));
  };
  CHECK(found("UIDAFTER 3") == "* SEARCH 5 6 7");
  CHECK(found("UIDAFTER 4") == "* SEARCH 5 6 7");
  CHECK(found("UIDAFTER 7") == "* SEARCH");  // and not the last one, as "8:*" would be
  CHECK(found("UIDAFTER 4294967295") == "* SEARCH");
  CHECK(found("UIDBEFORE 5") == "* SEARCH 2 3");
  CHECK(found("UIDBEFORE 1") == "* SEARCH");
  CHECK(found("NOT UIDBEFORE 5 UIDAFTER 5") == "* SEARCH 6 7");
  CHECK(has(found("UIDAFTER 0"), "a BAD"));
  CHECK(has(found("UIDBEFORE 1:3"), "a BAD"));
  client.talk("b SEARCH RETURN (SAVE) UID 3,5\r\n");
  CHECK(found("UIDAFTER $") == "* SEARCH 6 7");
  CHECK(found("UIDBEFORE $") == "* SEARCH 2");
  client.talk("b SEARCH RETURN (SAVE) DELETED\r\n");
  CHECK(found("UIDAFTER $") == "* SEARCH");
  CHECK(found("UIDBEFORE $") == "* SEARCH");
  services->message_limit.all = 3;
  CHECK(has(client.talk("c UID SEARCH UIDAFTER 3\r\n"), "c OK UID SEARCH completed"));
  CHECK(has(client.talk("d UID SEARCH UIDBEFORE 7\r\n"), "d OK [MESSAGELIMIT 3 3] "));
}

TEST_CASE_METHOD(Five, "SORT and THREAD are refused over the limit, ESEARCH has none, RFC 9738 3.3") {
  ImapClient client(*this);
  client.open();
  const std::string refused = "NO [MESSAGELIMIT 3] Too many messages, try a smaller set\r\n";
  client.talk("s SEARCH RETURN (SAVE) 1:2\r\n");
  CHECK(client.talk("a SORT (SUBJECT) UTF-8 ALL\r\n") == "a " + refused);
  CHECK(client.talk("b UID THREAD REFERENCES UTF-8 SUBJECT x\r\n") == "b " + refused);
  CHECK(has(client.talk("c SORT (REVERSE ARRIVAL) UTF-8 1:3\r\n"), "c OK SORT completed"));
  CHECK(has(client.talk("d THREAD ORDEREDSUBJECT UTF-8 UID 5:9\r\n"), "d OK THREAD completed"));
  CHECK(has(client.talk("e SEARCH $\r\n"), "* SEARCH 1 2\r\n"));
  CHECK(client.talk("f SORT RETURN (SAVE) (SUBJECT) UTF-8 ALL\r\n") == "f " + refused);
  CHECK(has(client.talk("g SEARCH $\r\n"), "* SEARCH\r\n"));  // a SAVE that fails leaves nothing, RFC 5182 §2.1
  CHECK(has(client.talk("h ESEARCH IN (selected) RETURN (COUNT) ALL\r\n"), " COUNT 5\r\nh OK ESEARCH completed"));
}

TEST_CASE_METHOD(Five, "COPY over the limit copies nothing, MOVE moves the highest, RFC 9738 3.1") {
  ImapClient client(*this);
  client.open();
  CHECK(client.talk("a UID COPY 1:* Trash\r\n") == "a NO [MESSAGELIMIT 3 5] Too many messages, try a smaller set\r\n");
  CHECK(has(client.talk("b STATUS Trash (MESSAGES)\r\n"), "MESSAGES 0)"));
  CHECK(has(client.talk("c COPY 1:3 Trash\r\n"), "c OK [COPYUID "));
  const std::string moved = client.talk("d MOVE 1:* Archive\r\n");
  CHECK(has(moved, " 5:7 1:3] Moved\r\n* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 3 EXPUNGE\r\nd OK " + kThreeOf));
  CHECK(has(client.talk("e UID MOVE 1:* Archive\r\n"), "e OK UID MOVE completed"));
}

TEST_CASE_METHOD(Five, "UID EXPUNGE counts the deleted ones, EXPUNGE and CLOSE have no limit, RFC 9738 3.1") {
  ImapClient client(*this);
  client.open();
  client.talk("s UID STORE 2,5,7 +FLAGS.SILENT (\\Deleted)\r\ns UID STORE 6 +FLAGS.SILENT (\\Deleted)\r\n");
  CHECK(client.talk("a UID EXPUNGE 1:*\r\n") == "* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 3 EXPUNGE\r\na OK " + kThreeOf);
  CHECK(client.talk("b UID EXPUNGE 1:*\r\n") == "* 1 EXPUNGE\r\nb OK UID EXPUNGE completed\r\n");
  for (int i = 0; i < 4; ++i) deliver("INBOX", letter("more"), store::mail::kDeleted);
  client.talk("n NOOP\r\n");
  CHECK(client.talk("c EXPUNGE\r\n") ==
        "* 2 EXPUNGE\r\n* 2 EXPUNGE\r\n* 2 EXPUNGE\r\n* 2 EXPUNGE\r\nc OK EXPUNGE completed\r\n");
  for (int i = 0; i < 4; ++i) deliver("INBOX", letter("more"), store::mail::kDeleted);
  client.talk("n NOOP\r\n");
  CHECK(client.talk("d CLOSE\r\n") == "d OK CLOSE completed\r\n");
  CHECK(has(client.talk("e STATUS INBOX (MESSAGES UNSEEN)\r\n"), "MESSAGES 1 "));
}

TEST_CASE_METHOD(Five, "with CONDSTORE the limit has the tagged OK, HIGHESTMODSEQ an untagged one") {
  ImapClient client(*this);
  client.talk("login LOGIN anna@example.test secret\r\ne ENABLE QRESYNC\r\n");
  client.open();
  for (const auto* uids : {"2:3", "5:7"})
    client.talk(std::string("s UID STORE ") + uids + " +FLAGS.SILENT (\\Deleted)\r\n");
  const std::string gone = client.talk("a UID EXPUNGE 1:*\r\n");
  CHECK(has(gone, "* VANISHED 5:7\r\n* OK [HIGHESTMODSEQ "));
  CHECK(has(gone, "a OK " + kThreeOf));
}

TEST_CASE_METHOD(Five, "UIDONLY and IMAP4rev2 change nothing of the limit, RFC 9586 3") {
  ImapClient client(*this);
  client.talk("login LOGIN anna@example.test secret\r\ne ENABLE UIDONLY IMAP4rev2\r\n");
  client.open();
  CHECK(client.talk("a UID FETCH 1:* FLAGS\r\n") ==
        "* 5 UIDFETCH (FLAGS ())\r\n* 6 UIDFETCH (FLAGS ())\r\n* 7 UIDFETCH (FLAGS ())\r\na OK " + kThreeOf);
  CHECK(client.talk("b UID SEARCH UIDBEFORE 7\r\n") ==
        "* ESEARCH (TAG \"b\") UID ALL 3,5:6\r\nb OK [MESSAGELIMIT 3 3] Completed for the last 3 messages\r\n");
}

TEST_CASE_METHOD(Five, "APPEND of too many stores nothing; SAVELIMIT is for COPY and APPEND alone, RFC 9738 3, 3.1") {
  services->message_limit = {0, 3};
  ImapClient client(*this);
  client.open();
  std::string messages;
  for (int i = 0; i < 3; ++i) messages += " {4+}\r\nA: b";
  CHECK(has(client.talk("a APPEND Sent" + messages + "\r\n"), "a OK [APPENDUID "));
  CHECK(client.talk("b APPEND Sent" + messages + " {4+}\r\nA: b\r\n") ==
        "b NO [MESSAGELIMIT 3] Too many messages in one APPEND\r\n");
  CHECK(has(client.talk("c STATUS Sent (MESSAGES)\r\n"), "MESSAGES 3)"));
  CHECK(client.talk("d COPY 1:4 Trash\r\n") == "d NO [MESSAGELIMIT 3 3] Too many messages, try a smaller set\r\n");
  CHECK(has(client.talk("e FETCH 1:5 UID\r\n"), "e OK FETCH completed"));
  CHECK(has(client.talk("f SEARCH ALL\r\n"), "* SEARCH 1 2 3 4 5\r\n"));
  CHECK(has(client.talk("g MOVE 1:5 Archive\r\n"), "g OK MOVE completed"));
}
