// CATENATE, RFC 4469: a message put together from literals and from what is on the server; alone and together with
// MULTIAPPEND, BINARY's literal8 and REPLACE. Nothing of a refused command ever runs.
#include "receiver/imap/limits.hpp"
#include "receiver/imap/parse/message_url.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using receiver::imap::parse::parse_message_url;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

// A literal that needs no invitation.
std::string now(const std::string& octets) { return "{" + std::to_string(octets.size()) + "+}\r\n" + octets; }

// What FETCH shows of the message's octets.
std::string body(ImapClient& client, const std::string& uid) {
  const std::string answer = client.talk("f UID FETCH " + uid + " BODY.PEEK[]\r\n");
  const auto begin = answer.find("}\r\n");
  const auto end = answer.rfind(")\r\nf OK");
  return begin == std::string::npos || end == std::string::npos ? answer : answer.substr(begin + 3, end - begin - 3);
}

const std::string kHead = "Subject: both\r\n\r\n";

}  // namespace

TEST_CASE("addresses of messages are read as RFC 5092 11 writes them") {
  const auto url =
      parse_message_url("/Entw%C3%BCrfe/a%3Bb;uidvalidity=385759045/;uid=20/;section=1.2.MIME/;partial=3.10");
  REQUIRE(url.ok());
  CHECK(url->mailbox == "Entw\xc3\xbcrfe/a;b");
  CHECK(url->uid_validity == 385759045u);
  CHECK(url->uid == 20);
  CHECK(url->section.path() == "1.2");
  CHECK(url->section.text == receiver::imap::parse::SectionText::Mime);
  CHECK(url->partial->first == 3);
  CHECK(url->partial->count == 10);
  CHECK(parse_message_url("/INBOX/;UID=1")->section.part.empty());
  CHECK(parse_message_url("/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(To%20Cc)")->section.fields.size() == 2);
  CHECK(parse_message_url("/INBOX/;UID=1/;PARTIAL=7")->partial->first == 7);
  for (const char* wrong :
       {"", "INBOX/;UID=1", "imap://host/INBOX/;UID=1", "/INBOX", "/;UID=1", "/INBOX/;UID=0", "/INBOX/;UID=x",
        "/INBOX/;UID=4294967296", "/INBOX;UIDVALIDITY=0/;UID=1", "/INBOX/;UID=1/;SECTION=FROB", "/IN%4/;UID=1",
        "/IN%zz/;UID=1", "/IN%00/;UID=1", "/IN%FF/;UID=1", "/INBOX/;UID=1/;PARTIAL=1.0", "/INBOX/;UID=1/;PARTIAL=x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_message_url(wrong).ok());
  }
}

TEST_CASE_METHOD(ImapFixture, "CATENATE puts literals and parts together in their order, RFC 4469 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one", "0123456789\r\n"));
  ImapClient anna(*this, {step, true, true});
  anna.open();
  CHECK(has(
      anna.talk("a APPEND INBOX (\\Seen) CATENATE (TEXT " + now(kHead) + " URL \"/INBOX/;UID=1/;SECTION=TEXT\" TEXT " +
                now("tail\r\n") + " URL /INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=2.3)\r\n"),
      "a OK [APPENDUID "));
  CHECK(body(anna, "2") == kHead + "0123456789\r\ntail\r\n234");
  // Only what is elsewhere: a command without a message of its own. The address may be a literal.
  CHECK(has(anna.talk("b APPEND INBOX CATENATE (URL " + now("/inbox/;UID=1") + ")\r\n"), "b OK [APPENDUID "));
  CHECK(body(anna, "3") == letter("one", "0123456789\r\n"));
  CHECK(has(anna.talk("c APPEND INBOX CATENATE (URL \"/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)\" URL " +
                      now("/INBOX/;UID=1/;SECTION=1") + " TEXT " + now("end\r\n") + " URL " +
                      now("/INBOX/;UID=1/;SECTION=1") + ")\r\n"),
            "c OK [APPENDUID "));
  CHECK(body(anna, "4") == "Subject: one\r\n\r\n0123456789\r\nend\r\n0123456789\r\n");
}

TEST_CASE_METHOD(ImapFixture, "synchronising literals in CATENATE are invited one by one, RFC 4469 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.open();
  CHECK(anna.talk("a APPEND INBOX CATENATE (TEXT {17}\r\n") == "+ OK\r\n");
  CHECK(anna.talk(kHead + " URL {24}\r\n") == "+ OK\r\n");
  CHECK(anna.talk("/INBOX/;UID=x/;SECTION=1 TEXT {3}\r\n").find("a NO [BADURL \"/INBOX/;UID=x/;SECTION=1\"] ") == 0);
  CHECK(anna.talk("b APPEND INBOX CATENATE (TEXT {17}\r\n") == "+ OK\r\n");
  CHECK(has(anna.talk(kHead + ")\r\n"), "b OK [APPENDUID "));
}

TEST_CASE_METHOD(ImapFixture, "CATENATE with MULTIAPPEND, literal8 and REPLACE, RFC 3502, RFC 3516 4.4, RFC 8508 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one", "text\r\n"));
  ImapClient anna(*this, {step, true, true});
  anna.open();
  const std::string url = "URL /INBOX/;UID=1/;SECTION=TEXT";
  CHECK(has(anna.talk("a APPEND INBOX CATENATE (TEXT " + now(kHead) + " " + url + ") (\\Flagged) CATENATE (" + url +
                      ") " + now(letter("two")) + " CATENATE (URL /INBOX/;UID=1)\r\n"),
            " 2:5]"));
  CHECK(body(anna, "2") == kHead + "text\r\n");
  CHECK(body(anna, "3") == "text\r\n");
  CHECK(body(anna, "4") == letter("two"));
  CHECK(body(anna, "5") == letter("one", "text\r\n"));
  CHECK(has(anna.talk("b UID REPLACE 1 INBOX CATENATE (TEXT ~" + now(kHead) + " " + url + ")\r\n"), "[APPENDUID "));
  CHECK(body(anna, "6") == kHead + "text\r\n");
  CHECK_FALSE(has(anna.talk("c UID FETCH 1 FLAGS\r\n"), "FETCH ("));
  CHECK(has(anna.talk("d UID REPLACE 2 INBOX CATENATE (URL /INBOX/;UID=3)\r\n"), "d OK "));
}

TEST_CASE_METHOD(ImapFixture, "an address that means nothing is BADURL and nothing is stored, RFC 4469 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.open();
  for (const std::string url : {"/INBOX/;UID=9", "/Nowhere/;UID=1", "/INBOX;UIDVALIDITY=1/;UID=1",
                                "/INBOX/;UID=1/;SECTION=7", "imap://elsewhere.example/INBOX/;UID=1", "/INBOX/;UID=x"}) {
    CAPTURE(url);
    CHECK(has(anna.talk("a APPEND INBOX CATENATE (TEXT " + now(kHead) + " URL " + url + ")\r\n"),
              "a NO [BADURL \"" + url + "\"] "));
    // Found out before more is sent: the literal that follows is dropped, not run.
    CHECK_FALSE(
        has(anna.talk("b APPEND INBOX CATENATE (URL " + url + " TEXT " + now("x LOGOUT\r\n") + ")\r\n"), "BYE"));
  }
  CHECK(has(anna.talk("c APPEND Nowhere CATENATE (TEXT " + now("x LOGOUT\r\n") + ")\r\n"), "c NO [TRYCREATE]"));
  CHECK(has(anna.talk("d APPEND INBOX CATENATE (FROB " + now("x LOGOUT\r\n") + ")\r\n"), "d BAD "));
  CHECK(has(anna.talk("e APPEND INBOX CATENATE ()\r\n"), "e BAD "));
  CHECK(has(anna.talk("g APPEND INBOX CATENATE (TEXT " + now("") + ")\r\n"), "g NO [CANNOT]"));
  CHECK(has(anna.talk("h APPEND INBOX CATENATE (TEXT " + now("abc") + "\r\n"), "h BAD "));
  CHECK(has(anna.talk("i STATUS INBOX (MESSAGES)\r\n"), "(MESSAGES 1)"));
}

TEST_CASE_METHOD(ImapFixture, "CATENATE keeps to the size of a message, RFC 4469 4 TOOBIG") {
  deliver("INBOX", letter("big", std::string(test::kTestMessageLimit / 2, 'x')));
  ImapClient anna(*this);
  anna.open();
  CHECK(has(anna.talk("a APPEND INBOX CATENATE (URL /INBOX/;UID=1 URL /INBOX/;UID=1)\r\n"), "a NO [TOOBIG] "));
  const std::string half(test::kTestMessageLimit / 2 + 1, 'y');
  CHECK(anna.talk("b APPEND INBOX CATENATE (TEXT {" + std::to_string(half.size()) + "}\r\n") == "+ OK\r\n");
  CHECK(has(anna.talk(half + " TEXT {" + std::to_string(half.size()) + "}\r\n"), "b NO [TOOBIG] "));
  std::string many = "c APPEND INBOX CATENATE (URL /INBOX/;UID=1/;SECTION=HEADER";
  for (std::size_t i = 0; i < receiver::imap::kMaxCatenateParts; ++i) many += " URL /INBOX/;UID=1/;SECTION=HEADER";
  CHECK(has(anna.talk(many + ")\r\n"), "c NO [CANNOT]"));
  CHECK(has(anna.talk("d NOOP\r\n"), "d OK"));
}
