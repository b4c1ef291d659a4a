#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::ThreeMessages;

namespace {

std::string code_of(const std::string& answer, std::string_view name) {
  const auto at = answer.find("[" + std::string(name) + " ");
  if (at == std::string::npos) return "none in: " + answer;
  const auto after_validity = answer.find(' ', at + name.size() + 2) + 1;
  return answer.substr(after_validity, answer.find(']', at) - after_validity);
}

}  // namespace

TEST_CASE_METHOD(ThreeMessages, "STORE adds, removes, replaces and reports, RFC 9051 6.4.6") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  CHECK(client.talk("a STORE 1:2 +FLAGS (\\Seen \\Flagged)\r\n") ==
        "* 1 FETCH (FLAGS (\\Flagged \\Seen \\Recent))\r\n* 2 FETCH (FLAGS (\\Flagged \\Seen \\Recent))\r\n"
        "a OK STORE completed\r\n");
  CHECK(client.talk("b UID STORE 2 -FLAGS \\Flagged\r\n") ==
        "* 2 FETCH (UID 2 FLAGS (\\Seen \\Recent))\r\nb OK UID STORE completed\r\n");
  CHECK(client.talk("c STORE 1 FLAGS ()\r\n") == "* 1 FETCH (FLAGS (\\Recent))\r\nc OK STORE completed\r\n");
  CHECK(client.talk("d STORE 3 +FLAGS.SILENT (\\Deleted)\r\n") == "d OK STORE completed\r\n");
  CHECK(client.talk("e NOOP\r\n") == "e OK NOOP completed\r\n");
  CHECK(client.talk("f STORE 4 +FLAGS (\\Seen)\r\n") == "f BAD No message has that sequence number\r\n");
  CHECK(client.talk("g UID STORE 9 +FLAGS (\\Seen)\r\n") == "g OK UID STORE completed\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "a new keyword is announced before it is used, RFC 9051 7.3.5") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  CHECK(client.talk("a STORE 1 +FLAGS ($Forwarded)\r\n") ==
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded)\r\n"
        "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded \\*)] Flags permitted\r\n"
        "* 1 FETCH (FLAGS ($Forwarded \\Recent))\r\na OK STORE completed\r\n");
  CHECK(client.talk("b STORE 2 +FLAGS ($forwarded)\r\n") ==
        "* 2 FETCH (FLAGS ($Forwarded \\Recent))\r\nb OK STORE completed\r\n");
  CHECK(client.talk("c STORE 2 +FLAGS.SILENT (Other)\r\n").find("* FLAGS (") == 0);
}

TEST_CASE_METHOD(ThreeMessages, "EXPUNGE counts down, UID EXPUNGE takes only its set, RFC 9051 6.4.3, 6.4.9") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  CHECK(client.talk("a EXPUNGE\r\n") == "a OK EXPUNGE completed\r\n");
  client.talk("x STORE 1:3 +FLAGS.SILENT (\\Deleted)\r\n");
  CHECK(client.talk("b UID EXPUNGE 2\r\n") == "* 2 EXPUNGE\r\nb OK UID EXPUNGE completed\r\n");
  CHECK(client.talk("c EXPUNGE\r\n") == "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nc OK EXPUNGE completed\r\n");
  CHECK(client.talk("d FETCH 1:* FLAGS\r\n").find("* 1 FETCH") == std::string::npos);
}

TEST_CASE_METHOD(ThreeMessages, "CLOSE expunges silently, UNSELECT does not, RFC 9051 6.4.1, 6.4.2") {
  ImapClient client(*this);
  client.open();
  client.talk("x STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
  CHECK(client.talk("a UNSELECT\r\n") == "a OK UNSELECT completed\r\n");
  CHECK(client.talk("b STATUS INBOX (MESSAGES)\r\n").find("MESSAGES 3") != std::string::npos);
  client.talk("x SELECT INBOX\r\n");
  CHECK(client.talk("c CLOSE\r\n") == "c OK CLOSE completed\r\n");
  CHECK(client.talk("d STATUS INBOX (MESSAGES)\r\n").find("MESSAGES 2") != std::string::npos);
  CHECK(client.talk("e EXPUNGE\r\n") == "e BAD Not possible in this state\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "COPY keeps flags and tells both sets of UIDs, RFC 9051 6.4.7, RFC 4315") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  client.talk("x STORE 3 +FLAGS.SILENT (\\Flagged Work)\r\n");
  const std::string answer = client.talk("a COPY 2:3 Archive\r\n");
  CHECK(answer.find("a OK [COPYUID ") == 0);
  CHECK(code_of(answer, "COPYUID") == "2:3 1:2");
  CHECK(client.talk("b UID COPY 1 Nothing\r\n") == "b NO [TRYCREATE] No such mailbox\r\n");
  CHECK(client.talk("c UID COPY 77 Archive\r\n") == "c OK UID COPY completed\r\n");
  client.talk("x SELECT Archive\r\n");
  CHECK(client.talk("d FETCH 2 FLAGS\r\n") ==
        "* 2 FETCH (FLAGS (\\Flagged Work \\Recent))\r\nd OK FETCH completed\r\n");
}

TEST_CASE_METHOD(ThreeMessages, "MOVE tells COPYUID, then EXPUNGE, RFC 6851") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  const std::string answer = client.talk("a MOVE 1,3 Trash\r\n");
  CHECK(code_of(answer, "COPYUID") == "1,3 1:2");
  CHECK(answer.substr(answer.find("] ")) == "] Moved\r\n* 1 EXPUNGE\r\n* 2 EXPUNGE\r\na OK MOVE completed\r\n");
  CHECK(answer.find("* OK [COPYUID ") == 0);
  CHECK(client.talk("b UID MOVE 2 Nothing\r\n") == "b NO [TRYCREATE] No such mailbox\r\n");
  CHECK(client.talk("c UID FETCH 1:* UID\r\n") == "* 1 FETCH (UID 2)\r\nc OK UID FETCH completed\r\n");
  CHECK(client.talk("d STATUS Trash (MESSAGES)\r\n").find("MESSAGES 2") != std::string::npos);
}

TEST_CASE_METHOD(ThreeMessages, "SEARCH and ESEARCH, RFC 9051 6.4.4, 7.3.4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  client.talk("x STORE 2 +FLAGS.SILENT (\\Seen Work)\r\n");
  CHECK(client.talk("a SEARCH ALL\r\n") == "* SEARCH 1 2 3\r\na OK SEARCH completed\r\n");
  CHECK(client.talk("b UID SEARCH UNSEEN\r\n") == "* SEARCH 1 3\r\nb OK UID SEARCH completed\r\n");
  CHECK(client.talk("c SEARCH SUBJECT THREE\r\n") == "* SEARCH 3\r\nc OK SEARCH completed\r\n");
  CHECK(client.talk("d SEARCH BODY hello UID 1:2\r\n") == "* SEARCH 1 2\r\nd OK SEARCH completed\r\n");
  CHECK(client.talk("e SEARCH KEYWORD work\r\n") == "* SEARCH 2\r\ne OK SEARCH completed\r\n");
  CHECK(client.talk("f SEARCH RETURN (MIN MAX COUNT ALL) ALL\r\n") ==
        "* ESEARCH (TAG \"f\") MIN 1 MAX 3 ALL 1:3 COUNT 3\r\nf OK SEARCH completed\r\n");
  CHECK(client.talk("g UID SEARCH RETURN (COUNT) SUBJECT none\r\n") ==
        "* ESEARCH (TAG \"g\") UID COUNT 0\r\ng OK UID SEARCH completed\r\n");
  CHECK(client.talk("h SEARCH CHARSET X-NONE SUBJECT a\r\n") ==
        "h NO [BADCHARSET (UTF-8 US-ASCII)] Unknown charset\r\n");
  CHECK(client.talk("i SEARCH FROM bob SENTON 8-Sep-2001 NOT SUBJECT one\r\n") ==
        "* SEARCH 2 3\r\ni OK SEARCH completed\r\n");
}
