// Part numbers and what their sections hold, RFC 9051 6.4.5.1.
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::mime::test::at;
using hearthmail::mime::test::crlf;
using hearthmail::mime::test::part_at;

namespace {

std::string paths(const Summary& summary) {
  std::string out;
  for (const SummaryPart& part : summary.parts) out += "[" + part.path + " " + part.type + "]";
  return out;
}

Summary summarized(const std::string& message) { return summarize(message, index_message(message)); }

}  // namespace

TEST_CASE("A message that is no multipart has part 1") {
  const std::string message = crlf("Subject: x\nContent-Type: text/plain; charset=UTF-8\n\nbody\n");
  const Summary summary = summarized(message);
  CHECK(paths(summary) == "[ text/plain][1 text/plain]");
  CHECK(at(message, summary.parts[0].header) == crlf("Subject: x\nContent-Type: text/plain; charset=UTF-8\n\n"));
  CHECK(at(message, summary.parts[0].body) == "body\r\n");
  CHECK(at(message, summary.parts[1].body) == "body\r\n");
  CHECK(summary.parts[1].charset == "utf-8");
  CHECK_FALSE(summary.parts[0].message);
}

TEST_CASE("The example of RFC 9051 6.4.5.1") {
  const std::string message = crlf(
      "Subject: all\nContent-Type: multipart/mixed; boundary=a\n\n"
      "--a\n\n1\n"
      "--a\nContent-Type: application/octet-stream\n\n2\n"
      "--a\nContent-Type: message/rfc822\n\nSubject: three\nContent-Type: multipart/mixed; boundary=b\n\n"
      "--b\n\n3.1\n--b\nContent-Type: application/octet-stream\n\n3.2\n--b--\n"
      "--a\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: image/gif\n\n4.1\n"
      "--c\nContent-Type: message/rfc822\n\nSubject: four two\nContent-Type: multipart/mixed; boundary=d\n\n"
      "--d\n\n4.2.1\n--d\nContent-Type: multipart/alternative; boundary=e\n\n"
      "--e\n\n4.2.2.1\n--e\nContent-Type: text/richtext\n\n4.2.2.2\n--e--\n--d--\n--c--\n--a--\n");
  const Summary summary = summarized(message);
  CHECK(paths(summary) ==
        "[ multipart/mixed][1 text/plain][2 application/octet-stream][3 message/rfc822][3.1 text/plain]"
        "[3.2 application/octet-stream][4 multipart/mixed][4.1 image/gif][4.2 message/rfc822][4.2.1 text/plain]"
        "[4.2.2 multipart/alternative][4.2.2.1 text/plain][4.2.2.2 text/richtext]");
  for (const std::string path : {"1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2"}) {
    REQUIRE(part_at(summary, path) != nullptr);
    CHECK(at(message, part_at(summary, path)->body) == path);
  }
  const SummaryPart* three = part_at(summary, "3");
  REQUIRE(three->message);
  CHECK(at(message, three->header) == crlf("Content-Type: message/rfc822\n\n"));
  CHECK(at(message, three->inner_header) == crlf("Subject: three\nContent-Type: multipart/mixed; boundary=b\n\n"));
  CHECK(at(message, three->inner_body).substr(0, 5) == "--b\r\n");
  CHECK(at(message, three->body) == at(message, three->inner_header) + at(message, three->inner_body));
  CHECK(at(message, part_at(summary, "4.2")->inner_header).substr(0, 17) == "Subject: four two");
}

TEST_CASE("A message part with a plain message inside has part n.1") {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\nbody\n--b--\n");
  const Summary summary = summarized(message);
  CHECK(paths(summary) == "[ multipart/mixed][1 message/rfc822][1.1 text/plain]");
  CHECK(at(message, part_at(summary, "1.1")->body) == "body");
  CHECK(at(message, part_at(summary, "1.1")->header) == crlf("Subject: in\n\n"));
}

TEST_CASE("An encoded message part, which is not looked into, has the empty part n.1 that BODYSTRUCTURE shows") {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n"
      "Content-Transfer-Encoding: base64\n\nVG86IGFAYg==\n--b--\n");
  const Summary summary = summarized(message);
  CHECK(paths(summary) == "[ multipart/mixed][1 message/rfc822][1.1 text/plain]");
  CHECK(at(message, part_at(summary, "1")->body) == "VG86IGFAYg==");
  CHECK(part_at(summary, "1.1")->body.octets == 0);
}

TEST_CASE("Messages directly inside messages") {
  const std::string message =
      crlf("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: deep\n\nbody\n");
  const Summary summary = summarized(message);
  CHECK(paths(summary) == "[ message/rfc822][1 message/rfc822][1.1 message/rfc822][1.1.1 text/plain]");
  CHECK_FALSE(summary.parts[0].message);
  CHECK(part_at(summary, "1")->message);
  CHECK(at(message, part_at(summary, "1.1")->inner_header) == crlf("Subject: deep\n\n"));
  CHECK(at(message, part_at(summary, "1.1.1")->body) == "body\r\n");
}

TEST_CASE("A multipart without parts has one empty part, as its structure says") {
  const std::string message = crlf("Content-Type: multipart/mixed; boundary=b\n\nnothing\n");
  const Summary summary = summarized(message);
  CHECK(paths(summary) == "[ multipart/mixed][1 text/plain]");
  CHECK(at(message, part_at(summary, "1")->body).empty());
}
