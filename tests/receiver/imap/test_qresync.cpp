// QRESYNC: VANISHED, and coming back after a while.
#include "receiver/imap/vanished.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

// Six messages with MODSEQ 2 to 7.
struct Six : ImapFixture {
  Six() {
    for (const auto* subject : {"one", "two", "three", "four", "five", "six"}) deliver("INBOX", letter(subject));
  }
  std::string validity() {
    const auto box_id = box("INBOX");
    const auto found =
        mail->env().read([&](const store::mail::ReadTxn& txn) { return store::mail::load_mailbox(txn, box_id); });
    return std::to_string(found->uid_validity);
  }
  // Expunges by UID, in one command of another session: MODSEQ of the flags, then of the expunge.
  void drop(ImapClient& other, const std::string& uids) {
    other.talk("x UID STORE " + uids + " +FLAGS.SILENT (\\Deleted)\r\n");
    other.talk("x EXPUNGE\r\n");
  }
};

// Everything from "* OK [HIGHESTMODSEQ" on.
std::string news(const std::string& answer) {
  const auto at = answer.find("* OK [HIGHESTMODSEQ");
  return at == std::string::npos ? answer : answer.substr(at);
}

}  // namespace

TEST_CASE_METHOD(Six, "VANISHED replaces EXPUNGE, RFC 7162 3.2.10.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  ImapClient other(*this);
  anna.login();
  anna.talk("e ENABLE QRESYNC\r\n");
  anna.talk("s SELECT INBOX\r\n");
  other.open();
  drop(other, "2:3,5");
  CHECK(anna.talk("a NOOP\r\n") == "* VANISHED 2:3,5\r\na OK NOOP completed\r\n");
  CHECK(anna.talk("b FETCH 1:* UID\r\n") ==
        "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 4)\r\n* 3 FETCH (UID 6)\r\nb OK FETCH completed\r\n");
  anna.talk("c STORE 1,3 +FLAGS (\\Deleted)\r\n");
  CHECK(anna.talk("d EXPUNGE\r\n") == "* VANISHED 1,6\r\nd OK [HIGHESTMODSEQ 11] EXPUNGE completed\r\n");
  CHECK(anna.talk("e MOVE 1 Trash\r\n").find("* VANISHED 4\r\ne OK [HIGHESTMODSEQ 12]") != std::string::npos);
}

TEST_CASE_METHOD(Six, "MODSEQ beyond a withheld VANISHED comes with a HIGHESTMODSEQ before it, RFC 7162 3.2.4") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.login();
  anna.talk("e ENABLE QRESYNC\r\n");
  anna.talk("s SELECT INBOX\r\n");
  other.open();
  drop(other, "2");                                    // 8, 9
  other.talk("x UID STORE 4 +FLAGS (\\Flagged)\r\n");  // 10
  CHECK(anna.talk("a STORE 1 +FLAGS (\\Seen)\r\n") ==
        "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (11))\r\n"
        "* 4 FETCH (UID 4 FLAGS (\\Flagged \\Recent) MODSEQ (10))\r\na OK [HIGHESTMODSEQ 7] STORE completed\r\n");
  CHECK(anna.talk("b FETCH 2 UID\r\n") ==
        "* OK [HIGHESTMODSEQ 7] Highest\r\nb NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
  CHECK(anna.talk("c NOOP\r\n") == "* VANISHED 2\r\nc OK NOOP completed\r\n");
  CHECK(anna.talk("d STORE 1 +FLAGS (\\Answered)\r\n") ==
        "* 1 FETCH (UID 1 FLAGS (\\Answered \\Seen \\Recent) MODSEQ (12))\r\nd OK STORE completed\r\n");
}

TEST_CASE_METHOD(Six, "SELECT (QRESYNC) tells what happened since, RFC 7162 3.2.5") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string valid = validity();
  ImapClient other(*this);
  other.open();
  drop(other, "2");                               // 8, 9
  drop(other, "5");                               // 10, 11
  other.talk("x UID STORE 4 +FLAGS (Work)\r\n");  // 12
  deliver("INBOX", letter("seven"));              // 13
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk("e ENABLE QRESYNC\r\n");
  const auto select = [&](const std::string& known) {
    return news(anna.talk("s SELECT INBOX (QRESYNC (" + known + "))\r\n"));
  };
  const std::string head = "* OK [HIGHESTMODSEQ 13] Highest\r\n* OK [MAILBOXID (F1-" + valid + ")] Ok\r\n",
                    tail = "s OK [READ-WRITE] SELECT completed\r\n";
  const std::string four = "* 3 FETCH (UID 4 FLAGS (Work) MODSEQ (12))\r\n";
  const std::string seven = "* 5 FETCH (UID 7 FLAGS (\\Recent) MODSEQ (13))\r\n";
  SECTION("everything") { CHECK(select(valid + " 7") == head + "* VANISHED (EARLIER) 2,5\r\n" + four + seven + tail); }
  SECTION("exactly after the first expunge") {
    CHECK(select(valid + " 9") == head + "* VANISHED (EARLIER) 5\r\n" + four + seven + tail);
  }
  SECTION("nothing") { CHECK(select(valid + " 13") == head + tail); }
  SECTION("another UIDVALIDITY") { CHECK(select("1 7") == head + tail); }
  SECTION("known UIDs only") {
    CHECK(select(valid + " 7 1:4") == head + "* VANISHED (EARLIER) 2\r\n" + four + tail);
    CHECK(select(valid + " 7 5:6") == head + "* VANISHED (EARLIER) 5\r\n" + tail);
  }
  SECTION("match data is not needed while the log is exact") {
    CHECK(select(valid + " 7 1:7 (1,3 1,3)") ==
          head + "* VANISHED (EARLIER) 2,5\r\n" + four + "* 5 FETCH (UID 7 FLAGS (\\Recent) MODSEQ (13))\r\n" + tail);
  }
  SECTION("match data without known UIDs") { CHECK(select(valid + " 12 (1:2 1:2)") == head + seven + tail); }
  SECTION("malformed") {
    for (const auto* known :
         {"", "7", "0 7", "1 0", "1 7 1:*", "1 7 1:3 (1)", "1 7 1:3 (1 1", "1 9223372036854775808"}) {
      CHECK(select(known).substr(0, 5) == "s BAD");
    }
  }
}

TEST_CASE_METHOD(Six, "a mailbox that was left is closed first, RFC 7162 3.2.11") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("e ENABLE QRESYNC\r\n");
  anna.talk("s SELECT INBOX\r\n");
  CHECK(anna.talk("t SELECT Trash (QRESYNC (1 1))\r\n").substr(0, 13) == "* OK [CLOSED]");
}

TEST_CASE_METHOD(Six, "UID FETCH (CHANGEDSINCE VANISHED), RFC 7162 3.2.6") {
  ImapClient other(*this);
  other.open();
  drop(other, "2");  // 8, 9
  ImapClient anna(*this);
  anna.login();
  anna.talk("e ENABLE QRESYNC\r\n");
  anna.talk("s SELECT INBOX\r\n");
  CHECK(anna.talk("a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 7 VANISHED)\r\n") ==
        "* VANISHED (EARLIER) 2\r\na OK UID FETCH completed\r\n");
  CHECK(anna.talk("b UID FETCH 3:6 (FLAGS) (VANISHED CHANGEDSINCE 7)\r\n") == "b OK UID FETCH completed\r\n");
  CHECK(anna.talk("c FETCH 1 (FLAGS) (CHANGEDSINCE 7 VANISHED)\r\n").substr(0, 5) == "c BAD");
  // What this session still counts is told by a VANISHED that changes the count, not by an earlier one.
  drop(other, "6");  // 10, 11: the highest UID
  CHECK(anna.talk("d UID FETCH 1:* (FLAGS) (CHANGEDSINCE 7 VANISHED)\r\n") ==
        "* VANISHED (EARLIER) 2\r\n* VANISHED 6\r\nd OK UID FETCH completed\r\n");
  CHECK(anna.talk("e UID FETCH 1:* (FLAGS) (CHANGEDSINCE 9 VANISHED)\r\n") ==
        "* VANISHED (EARLIER) 6\r\ne OK UID FETCH completed\r\n");
}

TEST_CASE("VANISHED comes in pieces of kVanishedRanges, RFC 7162 3.2.10") {
  std::vector<store::mail::UidRange> uids;
  for (std::uint32_t i = 0; i <= receiver::imap::kVanishedRanges; ++i)
    uids.push_back({base::Uid{2 * i + 1}, base::Uid{2 * i + 1}});
  std::string out;
  receiver::imap::put_vanished(out, uids, true);
  CHECK(out.substr(0, 26) == "* VANISHED (EARLIER) 1,3,5");
  CHECK(out.substr(out.find("\r\n")) == "\r\n* VANISHED (EARLIER) 2001\r\n");
  receiver::imap::put_vanished(out = "", {}, false);
  CHECK(out.empty());
}
