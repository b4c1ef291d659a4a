#include "common/mime/index.hpp"

#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::mime::test::at;
using hearthmail::mime::test::crlf;

namespace {

std::string body_of(const std::string& message, const Index& index, std::size_t part) {
  return at(message, index.parts.at(part).body);
}

std::string type_of(const Index& index, std::size_t part) {
  return index.parts.at(part).type + "/" + index.parts.at(part).subtype;
}

std::string parameter(const Index& index, std::size_t part, std::string_view name) {
  for (const Parameter& p : index.parts.at(part).parameters) {
    if (p.name == name) return p.value;
  }
  return "(none)";
}

// A one-part message with this Content-Type value.
Index typed(std::string_view content_type) {
  return index_message("Content-Type: " + std::string(content_type) + "\r\n\r\n");
}

}  // namespace

TEST_CASE("A message is cut into header and body at the blank line, RFC 5322 2.1") {
  const std::string message = "From: a@b\r\nSubject: x\r\n\r\nhello\r\nworld\r\n";
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 1);
  const Part& part = index.parts[0];
  CHECK(at(message, part.header) == "From: a@b\r\nSubject: x\r\n\r\n");
  CHECK(at(message, part.body) == "hello\r\nworld\r\n");
  CHECK(part.body_lines == 2);
  CHECK(type_of(index, 0) == "text/plain");
  CHECK(part.encoding == "7bit");
  CHECK_FALSE(index.clipped);
}

TEST_CASE("Fields keep their folds and their place, RFC 5322 2.2.3") {
  const std::string message = "Subject: one\r\n two\r\n\tthree\r\nTo : x@y\r\n\r\n";
  const Part part = index_message(message).parts[0];
  REQUIRE(part.fields.size() == 2);
  CHECK(part.fields[0].name == "Subject");
  CHECK(at(message, part.fields[0].raw) == "Subject: one\r\n two\r\n\tthree\r\n");
  CHECK(at(message, part.fields[0].value) == " one\r\n two\r\n\tthree\r\n");
  CHECK(part.fields[1].name == "To");
  CHECK(at(message, part.fields[1].value) == " x@y\r\n");
}

TEST_CASE("A header without a blank line, without a body and without itself") {
  SECTION("headers only") {
    const std::string message = "From: a@b\r\nTo: c@d\r\n";
    const Part part = index_message(message).parts[0];
    CHECK(part.header.octets == message.size());
    CHECK(part.body.octets == 0);
    CHECK(part.fields.size() == 2);
  }
  SECTION("the last line is not ended") {
    const std::string message = "From: a@b\r\nTo: c@d";
    const Part part = index_message(message).parts[0];
    CHECK(part.header.octets == message.size());
    CHECK(at(message, part.fields[1].raw) == "To: c@d");
  }
  SECTION("no header at all") {
    const std::string message = "Just text.\r\n\r\nMore.\r\n";
    const Part part = index_message(message).parts[0];
    CHECK(part.header.octets == 0);
    CHECK(at(message, part.body) == message);
    CHECK(part.fields.empty());
  }
  SECTION("a blank line first") {
    const std::string message = "\r\nTo: not a header\r\n";
    const Part part = index_message(message).parts[0];
    CHECK(at(message, part.header) == "\r\n");
    CHECK(at(message, part.body) == "To: not a header\r\n");
  }
  SECTION("nothing") {
    const Index index = index_message("");
    REQUIRE(index.parts.size() == 1);
    CHECK(index.parts[0].header.octets == 0);
    CHECK(index.parts[0].body.octets == 0);
  }
}

TEST_CASE("A line without a colon is passed over before another field, otherwise it starts the body") {
  SECTION("a broken fold") {
    const std::string message = "Subject: long\r\nbroken fold\r\nTo: a@b\r\n\r\nbody\r\n";
    const Part part = index_message(message).parts[0];
    REQUIRE(part.fields.size() == 2);
    CHECK(part.fields[1].name == "To");
    CHECK(at(message, part.body) == "body\r\n");
  }
  SECTION("an mbox From line") {
    const std::string message = "From joe Mon Nov 23 18:38:50 2026\r\nTo: a@b\r\n\r\nbody\r\n";
    const Part part = index_message(message).parts[0];
    REQUIRE(part.fields.size() == 1);
    CHECK(part.header.offset == 0);
    CHECK(at(message, part.body) == "body\r\n");
  }
  SECTION("a missing blank line") {
    const std::string message = "To: a@b\r\nHello Bob\r\nhow are you?\r\n";
    const Part part = index_message(message).parts[0];
    CHECK(at(message, part.header) == "To: a@b\r\n");
    CHECK(at(message, part.body) == "Hello Bob\r\nhow are you?\r\n");
  }
}

TEST_CASE("Bare LF and mixed line ends are line ends, a lone CR is not") {
  const std::string message =
      "To: a@b\nX: 1\r2\r\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\r\n\ntwo\r\n--b--\n";
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 3);
  CHECK(at(message, index.parts[0].fields[1].raw) == "X: 1\r2\r\n");
  CHECK(body_of(message, index, 1) == "one");
  CHECK(body_of(message, index, 2) == "two");
}

TEST_CASE("A multipart is cut at its delimiter lines, RFC 2046 5.1.1") {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=\"simple boundary\"\n\npreamble\n"
      "--simple boundary\n\nimplicitly typed\n--simple boundary\nContent-type: text/html; charset=us-ascii\n\n"
      "ends with a line break\n\n--simple boundary--\nepilogue\n--simple boundary\nnot a part\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 3);
  CHECK(index.parts[0].children == std::vector<std::uint32_t>{1, 2});
  CHECK(body_of(message, index, 1) == "implicitly typed");
  CHECK(index.parts[1].body_lines == 0);
  CHECK(at(message, index.parts[1].header) == "\r\n");
  CHECK(body_of(message, index, 2) == "ends with a line break\r\n");
  CHECK(index.parts[2].body_lines == 1);
  CHECK(type_of(index, 2) == "text/html");
  CHECK(index.parts[0].body.offset + index.parts[0].body.octets == message.size());
}

TEST_CASE("Delimiter lines may end in white space and in nothing else") {
  const std::string message =
      crlf("Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\none\n--bb\n--b-\n--b--x\n -- b\n--b--  \nrest\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 2);
  CHECK(body_of(message, index, 1) == "one\r\n--bb\r\n--b-\r\n--b--x\r\n -- b");
}

TEST_CASE("A boundary that begins like another one is told apart") {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b-inner\n\n"
      "--b-inner\n\nx\n--b-inner--\n--b\n\ny\n--b--\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 4);
  CHECK(index.parts[2].parent == 1);
  CHECK(body_of(message, index, 2) == "x");
  CHECK(index.parts[3].parent == 0);
  CHECK(body_of(message, index, 3) == "y");
}

TEST_CASE("A boundary may look like the close delimiter of another one") {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=\"b--\"\n\n"
      "--b--\n\nx\n--b----\n--b\n\ny\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 4);
  CHECK(body_of(message, index, 2) == "x");
  CHECK(index.parts[3].parent == 0);
}

TEST_CASE("An outer delimiter ends everything inside") {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: multipart/mixed; boundary=in\n\n"
      "--in\n\nx\n--out\n\ny\n--in\nstill y\n--out--\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 4);
  CHECK(body_of(message, index, 2) == "x");
  CHECK(body_of(message, index, 1) == "--in\r\n\r\nx");
  CHECK(index.parts[3].parent == 0);
  CHECK(body_of(message, index, 3) == "y\r\n--in\r\nstill y");
}

TEST_CASE("Without a close delimiter the last part reaches to the end") {
  const std::string message = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\ntwo\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 2);
  CHECK(body_of(message, index, 1) == "one\r\ntwo\r\n");
  CHECK(index.parts[1].body_lines == 2);
}

TEST_CASE("A part header that runs into a delimiter ends there") {
  const std::string message =
      crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\nX-Y: z\n\n--b--\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 3);
  CHECK(at(message, index.parts[1].header) == "Content-Type: text/html\r\n");
  CHECK(index.parts[1].body.octets == 0);
  CHECK(at(message, index.parts[2].header) == "X-Y: z\r\n\r\n");
  CHECK(index.parts[2].body.octets == 0);
  CHECK(index.parts[2].body_lines == 0);
}

TEST_CASE("Multiparts without parts") {
  CHECK(index_message(crlf("Content-Type: multipart/mixed; boundary=b\n\nno delimiter\n")).parts.size() == 1);
  CHECK(index_message(crlf("Content-Type: multipart/mixed\n\n--\n\nno boundary\n")).parts.size() == 1);
  CHECK(index_message(crlf("Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nempty boundary\n")).parts.size() ==
        1);
  CHECK(index_message(crlf("Content-Type: multipart/mixed; boundary=b\n\n--b--\n")).parts.size() == 1);
}

TEST_CASE("The parts of a digest are messages unless they say otherwise, RFC 2046 5.1.5") {
  const std::string message = crlf(
      "Content-Type: multipart/digest; boundary=b\n\n--b\n\nFrom: a@b\nSubject: in\n\nbody\n--b\n"
      "Content-Type: text/plain\n\ntext\n--b--\n");
  const Index index = index_message(message);
  REQUIRE(index.parts.size() == 4);
  CHECK(type_of(index, 1) == "message/rfc822");
  CHECK(index.parts[2].parent == 1);
  CHECK(at(message, index.parts[2].header) == "From: a@b\r\nSubject: in\r\n\r\n");
  CHECK(body_of(message, index, 2) == "body");
  CHECK(type_of(index, 3) == "text/plain");
}

TEST_CASE("A message in a message is indexed unless it is encoded, RFC 2046 5.2.1") {
  SECTION("plain") {
    const std::string message = crlf("Content-Type: message/rfc822\n\nTo: a@b\n\ninner\n");
    const Index index = index_message(message);
    REQUIRE(index.parts.size() == 2);
    CHECK(body_of(message, index, 0) == "To: a@b\r\n\r\ninner\r\n");
    CHECK(body_of(message, index, 1) == "inner\r\n");
    CHECK(index.parts[0].body_lines == 3);
  }
  SECTION("base64") {
    const Index index =
        index_message(crlf("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nVG86IGFAYg==\n"));
    CHECK(index.parts.size() == 1);
  }
  SECTION("ended by the outer boundary") {
    const std::string message = crlf(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\n"
        "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--o--\n");
    const Index index = index_message(message);
    REQUIRE(index.parts.size() == 4);
    CHECK(body_of(message, index, 3) == "x");
  }
}

TEST_CASE("A malformed Content-Type is text/plain, RFC 2045 5.2") {
  const auto value = GENERATE(as<std::string>{}, "text", "", "/plain", "text/", "te xt/plain", "text/pl@in",
                              ";charset=x", "\"text\"/plain", "(only a comment)", "text/html/x; a=b");
  INFO(value);
  const Index index = typed(value);
  CHECK(type_of(index, 0) == "text/plain");
  CHECK(index.parts[0].parameters.empty());
}

TEST_CASE("Parameters: case, quotes, comments and what mailers get wrong") {
  CHECK(type_of(typed("TEXT/Html; CHARSET=\"UTF-8\""), 0) == "text/html");
  CHECK(parameter(typed("TEXT/Html; CHARSET=\"UTF-8\""), 0, "charset") == "UTF-8");
  CHECK(parameter(typed("text/plain (a;b=c) ; (x) charset (y) = (z) utf-8 (w)"), 0, "charset") == "utf-8");
  CHECK(type_of(typed("text (nested (comment)) / (x) html"), 0) == "text/html");
  CHECK(parameter(typed("multipart/mixed; boundary=----=_Part/1:2?3"), 0, "boundary") == "----=_Part/1:2?3");
  CHECK(parameter(typed("text/plain; name=\"a\\\"b\\\\c;d\""), 0, "name") == "a\"b\\c;d");
  CHECK(parameter(typed("text/plain; name=\"fol\r\n ded\""), 0, "name") == "fol ded");
  CHECK(parameter(typed("text/plain; name=\"not ended"), 0, "name") == "not ended");
  CHECK(parameter(typed("text/plain;; ;name=x;"), 0, "name") == "x");
  CHECK(parameter(typed("text/plain; name; other=y"), 0, "other") == "y");
  CHECK(parameter(typed("text/plain; name=x; name=y"), 0, "name") == "x");
}

TEST_CASE("RFC 2231 continuations and character sets") {
  CHECK(parameter(typed("message/external-body; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub\""), 0, "url") ==
        "ftp://cs.utk.edu/pub");
  CHECK(parameter(typed("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"), 0, "title") ==
        "This is ***fun***");
  CHECK(parameter(typed("application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
                        "title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\""),
                  0, "title") == "This is even more ***fun*** isn't it!");
  CHECK(parameter(typed("a/b; name*=iso-8859-1''caf%E9"), 0, "name") == "caf\xC3\xA9");
  CHECK(parameter(typed("a/b; name*=windows-1252''%80"), 0, "name") == "\xE2\x82\xAC");
  CHECK(parameter(typed("a/b; name*1=b; name*0=a"), 0, "name") == "ab");
  CHECK(parameter(typed("a/b; name*0=a; name*2=c"), 0, "name") == "a");
  CHECK(parameter(typed("a/b; name=plain; name*=utf-8''better"), 0, "name") == "better");
  CHECK(parameter(typed("a/b; name*=utf-8''%ff%C3%A9"), 0, "name") == "\xEF\xBF\xBD\xC3\xA9");
  CHECK(parameter(typed("a/b; name*=no-quotes"), 0, "name") == "no-quotes");
  CHECK(parameter(typed("a/b; name*=utf-8''%4"), 0, "name") == "%4");
}

TEST_CASE("Disposition and encoding are lower case and tolerate comments") {
  const Part part = index_message(crlf("Content-Disposition: (c) ATTACHMENT; FileName=\"A "
                                       "b.TXT\"\nContent-Transfer-Encoding: (x) Base64 (y)\n\n"))
                        .parts[0];
  CHECK(part.disposition == "attachment");
  REQUIRE(part.disposition_parameters.size() == 1);
  CHECK(part.disposition_parameters[0].name == "filename");
  CHECK(part.disposition_parameters[0].value == "A b.TXT");
  CHECK(part.encoding == "base64");
}

TEST_CASE("The first of repeated Content fields counts") {
  const Index index = index_message(crlf("Content-Type: text/html\nContent-Type: image/png\n\n"));
  CHECK(type_of(index, 0) == "text/html");
}
