// BODY and BODYSTRUCTURE: exact answers, worked out from RFC 9051 7.5.2.
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::mime::test::summary_of;

TEST_CASE("A plain message, with and without Content-Type") {
  const auto plain = summary_of("Subject: x\n\none\ntwo\n");
  CHECK(plain.body == R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 2))");
  CHECK(plain.body_structure == R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 2 NIL NIL NIL NIL))");
  CHECK(
      summary_of("Content-Type: TEXT/HTML; Charset=UTF-8\nContent-Transfer-Encoding: Quoted-Printable\n\n<p>\n").body ==
      R"(("text" "html" ("charset" "UTF-8") NIL NIL "quoted-printable" 5 1))");
  CHECK(summary_of("Content-Type: text/html\n\n").body == R"(("text" "html" NIL NIL NIL "7bit" 0 0))");
}

TEST_CASE("A part that is no text has no line count") {
  CHECK(summary_of("Content-Type: image/png; name=\"a.png\"\nContent-Transfer-Encoding: base64\n\nAAAA\n").body ==
        R"(("image" "png" ("name" "a.png") NIL NIL "base64" 6))");
}

TEST_CASE("The multipart of RFC 9051 7.5.2") {
  // Two texts, the second with a name, an id and a description.
  const auto summary = summary_of(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII\n\nline\n\n--b\n"
      "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=\"cc.diff\"\n"
      "Content-ID: <960723163407.20117h@cac.washington.edu>\nContent-Description: Compiler diff\n"
      "Content-Transfer-Encoding: BASE64\n\nAAAA\nBBBB\n\n--b--\n");
  CHECK(summary.body ==
        "((\"text\" \"plain\" (\"charset\" \"US-ASCII\") NIL NIL \"7bit\" 6 1)"
        "(\"text\" \"plain\" (\"charset\" \"US-ASCII\" \"name\" \"cc.diff\") "
        "\"<960723163407.20117h@cac.washington.edu>\" \"Compiler diff\" \"base64\" 12 2) \"mixed\")");
}

TEST_CASE("Extension data: MD5, disposition, language, location, RFC 9051 7.5.2") {
  CHECK(summary_of("Content-Type: multipart/mixed; boundary=\"b\"\nContent-Language: en\n\n--b\n"
                   "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\nContent-Disposition: attachment; filename=\"a b.txt\"\n"
                   "Content-Language: de, en-GB (British)\nContent-Location: http://x.test/a\n\nx\n--b\n"
                   "Content-Type: image/gif\nContent-Disposition: inline\n\n--b--\n")
            .body_structure ==
        "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 \"Q2hlY2sgSW50ZWdyaXR5IQ==\" "
        "(\"attachment\" (\"filename\" \"a b.txt\")) (\"de\" \"en-GB\") \"http://x.test/a\")"
        "(\"image\" \"gif\" NIL NIL NIL \"7bit\" 0 NIL (\"inline\" NIL) NIL NIL) "
        "\"mixed\" (\"boundary\" \"b\") NIL (\"en\") NIL)");
}

TEST_CASE("Nested multiparts") {
  const auto summary = summary_of(
      "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n"
      "--i\n\nplain\n--i\nContent-Type: text/html\n\n<b>html</b>\n--i--\n--o\n"
      "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBE\n--o--\n");
  CHECK(summary.body ==
        "(((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0)"
        "(\"text\" \"html\" NIL NIL NIL \"7bit\" 11 0) \"alternative\")"
        "(\"application\" \"pdf\" NIL NIL NIL \"base64\" 4) \"mixed\")");
}

TEST_CASE("A message part has envelope, body and lines, RFC 9051 7.5.2") {
  const auto summary = summary_of(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\nContent-Description: fwd\n\n"
      "Subject: inner\nFrom: a@x.test\n\none\ntwo\n--b--\n");
  const std::string from = "((NIL NIL \"a\" \"x.test\"))";
  const std::string envelope = "(NIL \"inner\" " + from + " " + from + " " + from + " NIL NIL NIL NIL NIL)";
  CHECK(summary.body == "((\"message\" \"rfc822\" NIL NIL \"fwd\" \"7bit\" 42 " + envelope +
                            " (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 8 1) 4) \"mixed\")");
  CHECK(summary.body_structure ==
        "((\"message\" \"rfc822\" NIL NIL \"fwd\" \"7bit\" 42 " + envelope +
            " (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 8 1 NIL NIL NIL NIL) 4 NIL NIL NIL NIL)"
            " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)");
}

TEST_CASE("A message part that is encoded is well-formed all the same") {
  CHECK(summary_of("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nVG86IGFAYg==\n").body ==
        "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 14 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0) 1)");
}

TEST_CASE("Other message types are basic") {
  CHECK(summary_of("Content-Type: message/delivery-status\n\nx\n").body ==
        R"(("message" "delivery-status" NIL NIL NIL "7bit" 3))");
}

TEST_CASE("A multipart without parts shows one empty text") {
  const auto summary = summary_of("Content-Type: multipart/mixed; boundary=b\n\nnothing\n");
  CHECK(summary.body == "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0) \"mixed\")");
  CHECK(summary.body_structure ==
        "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) \"mixed\" "
        "(\"boundary\" \"b\") NIL NIL NIL)");
}

TEST_CASE("Extended parameters are sent in their extended form, raw 8-bit ones as literals") {
  CHECK(summary_of("Content-Type: a/b; name*0*=iso-8859-1''caf; name*1*=%E9\n\n").body ==
        "(\"a\" \"b\" (\"name*\" \"utf-8''caf%C3%A9\") NIL NIL \"7bit\" 0)");
  CHECK(summary_of("Content-Type: a/b; name*=utf-8''plain%20name\n\n").body ==
        "(\"a\" \"b\" (\"name\" \"plain name\") NIL NIL \"7bit\" 0)");
  CHECK(summary_of("Content-Type: a/b; name=\"caf\xC3\xA9\"\n\n").body ==
        "(\"a\" \"b\" (\"name\" {5}\r\ncaf\xC3\xA9) NIL NIL \"7bit\" 0)");
}

TEST_CASE("A digest of two messages") {
  const std::string inner =
      "(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 "
      "0) 2)";
  CHECK(summary_of(
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\nx\n--b\n\nSubject: s\n\ny\n--b--\n")
            .body == "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 " + inner +
                         "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 " + inner + " \"digest\")");
}
