#include "common/mime/transcode.hpp"
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::mime::test::crlf;

namespace {

const std::string kNul(1, '\0');

}  // namespace

TEST_CASE("a message without NUL stays as it is, RFC 3516 4.4") {
  const std::string message = crlf("Content-Transfer-Encoding: binary\n\nany octets \xff\n");
  CHECK(without_nul(message) == message);
}

TEST_CASE("binary parts with NUL become base64, the others keep their octets, RFC 3516 4.4") {
  const std::string head = crlf(
      "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: binary\n\n"
      "no such octet\n--b\nContent-Type: image/png\nContent-Transfer-Encoding:\n Binary\nX-After: x\n\n");
  const std::string tail = crlf("\n--b--\n");
  const auto changed = without_nul(head + "a" + kNul + "b" + tail);
  REQUIRE(changed.has_value());
  std::string expected = head + "YQBi" + tail;
  const std::string old = crlf("Content-Transfer-Encoding:\n Binary\n");
  expected.replace(expected.find(old), old.size(), crlf("Content-Transfer-Encoding: base64\n"));
  CHECK(*changed == expected);
}

TEST_CASE("long content is cut into lines, RFC 2045 6.8") {
  const std::string head = crlf("Content-Transfer-Encoding: binary\n\n");
  const auto changed = without_nul(head + std::string(100, '\0'));
  REQUIRE(changed.has_value());
  CHECK(*changed ==
        crlf("Content-Transfer-Encoding: base64\n\n") + std::string(76, 'A') + "\r\n" + std::string(57, 'A') + "A==");
}

TEST_CASE("NUL anywhere else cannot be helped, RFC 3516 4.4") {
  CHECK_FALSE(without_nul(crlf("Subject: x\n\nplain ") + kNul).has_value());
  CHECK_FALSE(without_nul("Subject: " + kNul + crlf("\nContent-Transfer-Encoding: binary\n\nx")).has_value());
  CHECK_FALSE(without_nul(kNul).has_value());
}
