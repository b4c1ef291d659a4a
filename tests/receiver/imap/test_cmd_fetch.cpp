#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

const std::string kNested =
    "From: Bob <bob@example.org>\r\n"
    "To: anna@example.test\r\n"
    "Subject: nested\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b1\r\n"
    "\r\n"
    "--b1\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "first part\r\n"
    "--b1\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "From: Carl <carl@example.org>\r\n"
    "Subject: inner\r\n"
    "X-Folded: a\r\n"
    " b\r\n"
    "Content-Type: multipart/alternative; boundary=b2\r\n"
    "\r\n"
    "--b2\r\n"
    "Content-Type: text/plain\r\n"
    "X-Part: yes\r\n"
    "\r\n"
    "plain\r\n"
    "--b2\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<p>html\r\n"
    "--b2--\r\n"
    "\r\n"
    "--b1--\r\n";

std::string in_literal(const std::string& text) { return "{" + std::to_string(text.size()) + "}\r\n" + text; }

struct Nested : ImapFixture {
  Nested() { deliver("INBOX", kNested, store::mail::kSeen); }
  // The value that FETCH gives for one item.
  static std::string value(ImapClient& client, const std::string& item) {
    const std::string answer = client.talk("x FETCH 1 " + item + "\r\n");
    const std::string end = ")\r\nx OK FETCH completed\r\n";
    const std::string front = "* 1 FETCH (";
    if (answer.find(front) != 0 || answer.size() < end.size() || answer.substr(answer.size() - end.size()) != end) {
      return "odd answer: " + answer;
    }
    const std::string body = answer.substr(front.size(), answer.size() - front.size() - end.size());
    return body.substr(body.find("] ") == std::string::npos ? body.find(' ') + 1 : body.find("] ") + 2);
  }
};

}  // namespace

TEST_CASE_METHOD(ImapFixture, "FETCH: macros, sizes, dates, UID, RFC 9051 6.4.5") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string message = letter("one");
  deliver("INBOX", message, store::mail::kFlagged);
  ImapClient client(*this, {step, true, true});
  client.open();
  const std::string fast = "FLAGS (\\Flagged \\Recent) INTERNALDATE \" 9-Sep-2001 01:46:40 +0000\" RFC822.SIZE " +
                           std::to_string(message.size());
  const std::string envelope =
      "ENVELOPE (\"Sat, 8 Sep 2001 20:00:00 +0200\" \"one\" ((\"Bob\" NIL \"bob\" \"example.org\")) "
      "((\"Bob\" NIL \"bob\" \"example.org\")) ((\"Bob\" NIL \"bob\" \"example.org\")) "
      "((NIL NIL \"anna\" \"example.test\")) NIL NIL NIL \"<one@example.org>\")";
  const std::string body = "BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 7 1)";
  CHECK(client.talk("a FETCH 1 FAST\r\n") == "* 1 FETCH (" + fast + ")\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH 1 ALL\r\n") == "* 1 FETCH (" + fast + " " + envelope + ")\r\nb OK FETCH completed\r\n");
  const std::string full = client.talk("c FETCH 1 FULL\r\n");
  CHECK(full.find("* 1 FETCH (" + fast + " " + envelope + " BODY (") == 0);
  CHECK(client.talk("d UID FETCH 1:* FLAGS\r\n") ==
        "* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent))\r\nd OK UID FETCH completed\r\n");
  CHECK(client.talk("e FETCH * (UID)\r\n") == "* 1 FETCH (UID 1)\r\ne OK FETCH completed\r\n");
  CHECK(client.talk("f UID FETCH 7:9 FLAGS\r\n") == "f OK UID FETCH completed\r\n");
  CHECK(client.talk("g FETCH 2 FLAGS\r\n") == "g BAD No message has that sequence number\r\n");
}

TEST_CASE_METHOD(ImapFixture, "FETCH of a body sets Seen and reports it in the same response, RFC 9051 6.4.5") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));
  deliver("INBOX", letter("two"));
  ImapClient client(*this, {step, true, true});
  client.open();
  CHECK(client.talk("a FETCH 1 BODY.PEEK[TEXT]\r\n") ==
        "* 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n)\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH 1:2 (BODY[TEXT])\r\n") ==
        "* 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent))\r\n"
        "* 2 FETCH (BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent))\r\n"
        "b OK FETCH completed\r\n");
  CHECK(client.talk("c FETCH 1 RFC822.TEXT\r\n") ==
        "* 1 FETCH (RFC822.TEXT {7}\r\nHello\r\n)\r\nc OK FETCH completed\r\n");
  CHECK(client.talk("d STATUS INBOX (UNSEEN)\r\n") == "* STATUS INBOX (UNSEEN 0)\r\nd OK STATUS completed\r\n");
}

TEST_CASE_METHOD(Nested, "every section of a nested message, RFC 9051 6.4.5.1") {
  const auto step = GENERATE(std::size_t{1}, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  const auto between = [](std::string_view from, std::string_view to) {
    const auto first = kNested.find(from);
    return kNested.substr(first, kNested.find(to) - first);
  };
  const std::string header = between("From: Bob", "--b1\r\nContent-Type: text/plain");
  const std::string inner = between("From: Carl", "\r\n--b1--\r\n");
  const std::string inner_header = between("From: Carl", "--b2\r\nContent-Type: text/plain");
  CHECK(value(client, "BODY[]") == in_literal(kNested));
  CHECK(value(client, "RFC822").find(in_literal(kNested)) != std::string::npos);
  CHECK(value(client, "BODY[HEADER]") == in_literal(header));
  CHECK(value(client, "BODY[TEXT]") == in_literal(kNested.substr(header.size())));
  CHECK(value(client, "BODY[1]") == in_literal("first part"));
  CHECK(value(client, "BODY[1.MIME]") == in_literal("Content-Type: text/plain\r\n\r\n"));
  CHECK(value(client, "BODY[2]") == in_literal(inner));
  CHECK(value(client, "BODY[2.MIME]") == in_literal("Content-Type: message/rfc822\r\n\r\n"));
  CHECK(value(client, "BODY[2.HEADER]") == in_literal(inner_header));
  CHECK(value(client, "BODY[2.TEXT]") == in_literal(inner.substr(inner_header.size())));
  CHECK(value(client, "BODY[2.1]") == in_literal("plain"));
  CHECK(value(client, "BODY[2.1.MIME]") == in_literal("Content-Type: text/plain\r\nX-Part: yes\r\n\r\n"));
  CHECK(value(client, "BODY[2.2]") == in_literal("<p>html"));
  CHECK(value(client, "BODY[2.HEADER.FIELDS (X-FOLDED)]") == in_literal("X-Folded: a\r\n b\r\n\r\n"));
  CHECK(value(client, "BODY[HEADER.FIELDS (Subject FROM)]") ==
        in_literal("From: Bob <bob@example.org>\r\nSubject: nested\r\n\r\n"));
  CHECK(value(client, "BODY[HEADER.FIELDS.NOT (Subject From MIME-Version Content-Type)]") ==
        in_literal("To: anna@example.test\r\n\r\n"));
  CHECK(value(client, "BODY[HEADER.FIELDS (X-None)]") == in_literal("\r\n"));
  CHECK(value(client, "BODY[3]") == "NIL");
  CHECK(value(client, "BODY[1.HEADER]") == "NIL");
}

TEST_CASE_METHOD(Nested, "partial fetches are cut at the end, RFC 9051 6.4.5") {
  ImapClient client(*this);
  client.open();
  CHECK(client.talk("a FETCH 1 BODY[1]<6.100>\r\n") ==
        "* 1 FETCH (BODY[1]<6> {4}\r\npart)\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH 1 BODY[1]<100.5>\r\n") == "* 1 FETCH (BODY[1]<100> {0}\r\n)\r\nb OK FETCH completed\r\n");
  CHECK(client.talk("c FETCH 1 BODY[HEADER.FIELDS (Subject)]<0.7>\r\n") ==
        "* 1 FETCH (BODY[HEADER.FIELDS (Subject)]<0> {7}\r\nSubject)\r\nc OK FETCH completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "part 1 of a simple message is its text, RFC 9051 6.4.5.1") {
  deliver("INBOX", letter("one"), store::mail::kSeen);
  ImapClient client(*this);
  client.open();
  CHECK(client.talk("a FETCH 1 BODY[1]\r\n") == "* 1 FETCH (BODY[1] {7}\r\nHello\r\n)\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH 1 BODY[2]\r\n") == "* 1 FETCH (BODY[2] NIL)\r\nb OK FETCH completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "a big body is streamed in pieces, byte-exact") {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "line " + std::to_string(i) + " of a long message\r\n";
  const std::string message = letter("big", text);
  deliver("INBOX", message, store::mail::kSeen);
  deliver("INBOX", letter("two"), store::mail::kSeen);
  ImapClient client(*this);
  client.open();
  const std::string answer = client.talk("a FETCH 1:2 (UID BODY[] FLAGS)\r\n");
  const std::string first =
      "* 1 FETCH (UID 1 BODY[] " + in_literal(message) + " FLAGS (\\Seen \\Recent))\r\n* 2 FETCH (";
  CHECK(answer.compare(0, first.size(), first) == 0);
  CHECK(client.stream.largest_write < 3 * receiver::imap::kStepOctets);
  CHECK(answer.find("a OK FETCH completed\r\n") != std::string::npos);
}

TEST_CASE_METHOD(ImapFixture, "FETCH over many messages goes on over the steps") {
  for (int i = 0; i < 700; ++i) deliver("INBOX", letter("m" + std::to_string(i)));
  ImapClient client(*this);
  client.open();
  const auto count = [](const std::string& text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  CHECK(count(client.talk("a FETCH 1:* (FLAGS UID ENVELOPE)\r\n"), "ENVELOPE (") == 700);
  // More than one batch of \Seen.
  const std::string answer = client.talk("b FETCH 1:300,500:700 BODY[TEXT]\r\n");
  CHECK(count(answer, "BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent))\r\n") == 501);
  CHECK(count(client.talk("c SEARCH UNSEEN\r\n"), " ") == 199 + 1 + 3);
  CHECK(client.talk("d NOOP\r\n") == "d OK NOOP completed\r\n");  // our own changes are not told again
}
