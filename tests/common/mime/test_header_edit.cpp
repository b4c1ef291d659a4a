#include "common/mime/compose.hpp"
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::mime::test::crlf;

namespace {
const std::string kMessage = crlf("From: a@b\nBcc: x@y,\n z@y\nSubject: s\nbcc : w@y\nTo: c@d\n\nBcc: body\n");
}

TEST_CASE("A field is found by its name in any case, in the header only") {
  CHECK(has_field(kMessage, "BCC"));
  CHECK(has_field(kMessage, "to"));
  CHECK_FALSE(has_field(kMessage, "Date"));
  CHECK_FALSE(has_field(crlf("To: a\n\nDate: x\n"), "Date"));
  CHECK_FALSE(has_field("", "Date"));
  CHECK(has_field("Date", "Date") == false);
  CHECK(has_field("To: a\nDate:", "Date"));
  CHECK_FALSE(has_field(crlf("To: a\n Date: folded\n\n"), "Date"));
}

TEST_CASE("Every field of a name goes with its folds, and nothing else") {
  CHECK(remove_field(kMessage, "Bcc") == crlf("From: a@b\nSubject: s\nTo: c@d\n\nBcc: body\n"));
  CHECK(remove_field(kMessage, "Resent-Bcc") == kMessage);
  CHECK(remove_field(crlf("Bcc: a\n\nx"), "bcc") == crlf("\nx"));
  CHECK(remove_field(crlf("To: a\nbroken fold\nBcc: b\n\nx"), "bcc") == crlf("To: a\nbroken fold\n\nx"));
  CHECK(remove_field(crlf("Bcc: a\n \n b\nTo: c\n\nx"), "bcc") == crlf("To: c\n\nx"));
  CHECK(remove_field("Bcc: a\n b\nTo: c\n\nx", "bcc") == "To: c\n\nx");
}

TEST_CASE("A field is added first or last") {
  CHECK(prepend_field(crlf("To: a\n\nx\n"), "Received", "y") == crlf("Received: y\nTo: a\n\nx\n"));
  CHECK(insert_field(crlf("To: a\n\nx\n"), "Date", "y") == crlf("To: a\nDate: y\n\nx\n"));
  CHECK(insert_field(crlf("\nx\n"), "Date", "y") == crlf("Date: y\n\nx\n"));
  CHECK(prepend_field(crlf("\nx\n"), "Date", "y") == crlf("Date: y\n\nx\n"));
}

TEST_CASE("A message without a header or its end gets one") {
  CHECK(insert_field(crlf("just text\n"), "Date", "y") == crlf("Date: y\n\njust text\n"));
  CHECK(prepend_field(crlf("just text\n"), "Date", "y") == crlf("Date: y\n\njust text\n"));
  CHECK(insert_field("To: a", "Date", "y") == crlf("To: a\nDate: y\n\n"));
  CHECK(insert_field("", "Date", "y") == crlf("Date: y\n\n"));
}

TEST_CASE("The header is the one that the index sees") {
  for (const std::string& message :
       {kMessage, crlf("just text\nmore\n"), crlf("To: a\njunk\njunk\nBcc: b\n"), std::string("To: a"), crlf("\nx"),
        std::string("To: a\r\n \r\n x\r\n\r\nbody"), std::string()}) {
    INFO(message);
    CHECK(header_of(message).size() == index_message(message).parts[0].header.octets);
  }
}
