// OBJECTID, SAVEDATE, PREVIEW, STATUS=SIZE: what is told of mailboxes and messages beside flags and octets.
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

// What stands between `before` and the next `after`.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto at = text.find(before);
  REQUIRE(at != std::string::npos);
  const auto from = at + before.size();
  return text.substr(from, text.find(after, from) - from);
}

}  // namespace

TEST_CASE_METHOD(ImapFixture, "MAILBOXID is the same everywhere and survives RENAME, RFC 8474 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  const std::string made = client.talk("a CREATE Work\r\n");
  const std::string id = between(made, "a OK [MAILBOXID (", ")] ");
  CHECK(id.find_first_not_of("FM-0123456789") == std::string::npos);
  CHECK(has(client.talk("b SELECT Work\r\n"), "* OK [MAILBOXID (" + id + ")] Ok\r\n"));
  CHECK(client.talk("c STATUS Work (MAILBOXID MESSAGES)\r\n") ==
        "* STATUS Work (MAILBOXID (" + id + ") MESSAGES 0)\r\nc OK STATUS completed\r\n");
  client.talk("d RENAME Work Play\r\n");
  CHECK(has(client.talk("e STATUS Play (MAILBOXID)\r\n"), id));
  client.talk("f DELETE Play\r\n");
  client.talk("g CREATE Work\r\n");
  CHECK_FALSE(has(client.talk("h STATUS Work (MAILBOXID)\r\n"), id));
  CHECK(has(client.talk("i LIST \"\" Work RETURN (STATUS (MAILBOXID))\r\n"), "MAILBOXID (F"));
}

TEST_CASE_METHOD(ImapFixture, "EMAILID is the same in every copy, THREADID is NIL, RFC 8474 5, 6") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));
  deliver("INBOX", letter("two"));
  ImapClient client(*this, {step, true, true});
  client.open();
  const std::string id =
      between(client.talk("a FETCH 1 (EMAILID THREADID)\r\n"), "* 1 FETCH (EMAILID (", ") THREADID NIL)");
  CHECK_FALSE(has(client.talk("b FETCH 2 EMAILID\r\n"), id));
  CHECK(client.talk("c SEARCH EMAILID " + id + "\r\n") == "* SEARCH 1\r\nc OK SEARCH completed\r\n");
  CHECK(client.talk("d SEARCH OR THREADID T1 NOT EMAILID " + id + "\r\n") == "* SEARCH 2\r\nd OK SEARCH completed\r\n");
  client.talk("e COPY 1 Trash\r\n");
  client.talk("f MOVE 1 Archive\r\n");
  client.talk("g SELECT Trash\r\n");
  CHECK(has(client.talk("h FETCH 1 EMAILID\r\n"), id));
  client.talk("i SELECT Archive\r\n");
  CHECK(has(client.talk("j FETCH 1 EMAILID\r\n"), id));
}

TEST_CASE_METHOD(ImapFixture, "SAVEDATE is when a message came into this mailbox, RFC 8514 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));  // 9 Sep 2001
  ImapClient client(*this, {step, true, true});
  client.open();
  CHECK(client.talk("a FETCH 1 SAVEDATE\r\n") ==
        "* 1 FETCH (SAVEDATE \" 9-Sep-2001 01:46:40 +0000\")\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b SEARCH SAVEDON 9-Sep-2001\r\n") == "* SEARCH 1\r\nb OK SEARCH completed\r\n");
  CHECK(client.talk("c SEARCH SAVEDBEFORE 9-Sep-2001\r\n") == "* SEARCH\r\nc OK SEARCH completed\r\n");
  CHECK(client.talk("d SEARCH SAVEDSINCE 10-Sep-2001\r\n") == "* SEARCH\r\nd OK SEARCH completed\r\n");
  CHECK(client.talk("e SEARCH SAVEDATESUPPORTED\r\n") == "* SEARCH 1\r\ne OK SEARCH completed\r\n");
  clock.advance(std::chrono::hours(48));
  client.talk("f COPY 1 Trash\r\n");
  client.talk("g MOVE 1 Archive\r\n");
  for (const auto* mailbox : {"Trash", "Archive"}) {
    client.talk(std::string("h SELECT ") + mailbox + "\r\n");
    CHECK(client.talk("i FETCH 1 (SAVEDATE INTERNALDATE)\r\n") ==
          "* 1 FETCH (SAVEDATE \"11-Sep-2001 01:46:40 +0000\" INTERNALDATE \" 9-Sep-2001 01:46:40 +0000\")\r\n"
          "i OK FETCH completed\r\n");
  }
}

TEST_CASE_METHOD(ImapFixture, "PREVIEW comes from the summary, RFC 8970 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one", "Dear Anna,\r\nhow are you?\r\n"));
  deliver("INBOX",
          "Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9f"
          "e\r\n");
  deliver("INBOX", letter("three", ""));
  ImapClient client(*this, {step, true, true});
  client.open();
  CHECK(client.talk("a FETCH 1 PREVIEW\r\n") ==
        "* 1 FETCH (PREVIEW \"Dear Anna, how are you?\")\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH 2 (PREVIEW (LAZY) UID)\r\n") ==
        "* 2 FETCH (PREVIEW {7}\r\nGr\xc3\xbc\xc3\x9f"
        "e UID 2)\r\nb OK FETCH completed\r\n");
  CHECK(client.talk("c FETCH 3 (PREVIEW)\r\n") == "* 3 FETCH (PREVIEW \"\")\r\nc OK FETCH completed\r\n");
  CHECK(client.talk("d FETCH 1 FLAGS\r\n") == "* 1 FETCH (FLAGS (\\Recent))\r\nd OK FETCH completed\r\n");  // not \Seen
  CHECK(client.talk("e FETCH 1 (PREVIEW (EAGER))\r\n").substr(0, 5) == "e BAD");
}

TEST_CASE_METHOD(ImapFixture, "STATUS SIZE and DELETED, RFC 8438, RFC 9051 6.3.11") {
  const std::string one = letter("one"), two = letter("two");
  deliver("INBOX", one, store::mail::kDeleted);
  deliver("INBOX", two);
  ImapClient client(*this);
  client.login();
  CHECK(client.talk("a STATUS INBOX (SIZE DELETED)\r\n") ==
        "* STATUS INBOX (SIZE " + std::to_string(one.size() + two.size()) + " DELETED 1)\r\na OK STATUS completed\r\n");
}
