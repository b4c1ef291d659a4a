#include "receiver/imap/limits.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::test;

namespace {

const std::string kNul(1, '\0');

const std::string kMixed =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9 so=\r\nft\r\n"
    "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBiYw==\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n<b>plain</b>\r\n"
    "--b\r\nContent-Transfer-Encoding: x-frob\r\n\r\nfrob\r\n--b--\r\n";

struct Mixed : ImapFixture {
  Mixed() : client(*this, {GENERATE(std::size_t{1}, 4096u), true, true}) {
    deliver("INBOX", kMixed);
    deliver("INBOX", "Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n");
    client.open();
  }
  ImapClient client;
};

}  // namespace

TEST_CASE_METHOD(Mixed, "BINARY.PEEK and BINARY.SIZE decode parts, RFC 3516 4.2") {
  CHECK(client.talk("a FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])\r\n") ==
        "* 1 FETCH (BINARY.SIZE[1] 10 BINARY[1] {10}\r\ncaf\xc3\xa9 soft)\r\na OK FETCH completed\r\n");
  // NUL needs a literal8.
  CHECK(client.talk("b FETCH 1 (BINARY.PEEK[2] BINARY.SIZE[2])\r\n") ==
        "* 1 FETCH (BINARY[2] ~{4}\r\na" + kNul + "bc BINARY.SIZE[2] 4)\r\nb OK FETCH completed\r\n");
  CHECK(client.talk("c FETCH 1 (BINARY.PEEK[3] UID)\r\n") ==
        "* 1 FETCH (BINARY[3] {12}\r\n<b>plain</b> UID 1)\r\nc OK FETCH completed\r\n");
  CHECK(client.talk("d FETCH 1 (BINARY.PEEK[9] BINARY.SIZE[9])\r\n") ==
        "* 1 FETCH (BINARY[9] NIL BINARY.SIZE[9] 0)\r\nd OK FETCH completed\r\n");
  CHECK(client.talk("e FETCH 2 BINARY.PEEK[1]\r\n") ==
        "* 2 FETCH (BINARY[1] {5}\r\nhello)\r\ne OK FETCH completed\r\n");
  CHECK(client.talk("f FETCH 1 BINARY.SIZE[]\r\n") ==
        "* 1 FETCH (BINARY.SIZE[] " + std::to_string(kMixed.size()) + ")\r\nf OK FETCH completed\r\n");
}

TEST_CASE_METHOD(Mixed, "BINARY cuts decoded octets and sets \\Seen, RFC 3516 4.2") {
  CHECK(client.talk("a FETCH 1 BINARY.PEEK[1]<3.4>\r\n") ==
        "* 1 FETCH (BINARY[1]<3> {4}\r\n\xc3\xa9 s)\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH 1 BINARY.PEEK[1]<99.4>\r\n") ==
        "* 1 FETCH (BINARY[1]<99> {0}\r\n)\r\nb OK FETCH completed\r\n");
  CHECK(client.talk("c FETCH 2 (BINARY[1])\r\n").find("hello FLAGS (\\Seen \\Recent))") != std::string::npos);
  CHECK(client.talk("d FETCH 1 BINARY[1.MIME]\r\n").find("d BAD") == 0);
  CHECK(client.talk("e FETCH 1 BINARY.SIZE[1]<0.1>\r\n").find("e BAD") == 0);
}

TEST_CASE_METHOD(Mixed, "a part in an unknown encoding fails the command, RFC 3516 4.3") {
  CHECK(client.talk("a FETCH 1:2 (BINARY.PEEK[4])\r\n").find("a NO [UNKNOWN-CTE]") != std::string::npos);
  CHECK(client.talk("b FETCH 1 (BINARY.SIZE[4])\r\n") ==
        "b NO [UNKNOWN-CTE] Some of the parts are in an encoding that is not known\r\n");
}

TEST_CASE_METHOD(ImapFixture, "large parts are decoded on a worker and sent in pieces, RFC 3516") {
  std::string encoded;
  for (int i = 0; i < 40'000; ++i) encoded += "YWJjZGVmZ2hpamts\r\n";
  deliver("INBOX", "Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded);
  ImapClient client(*this);
  client.open();
  client.stream.largest_write = 0;
  const std::string answer = client.talk("a UID FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])\r\n");
  std::string plain;
  for (int i = 0; i < 40'000; ++i) plain += "abcdefghijkl";
  CHECK(answer ==
        "* 1 FETCH (UID 1 BINARY[1] {480000}\r\n" + plain + " BINARY.SIZE[1] 480000)\r\na OK UID FETCH completed\r\n");
  CHECK(client.stream.largest_write < 3 * receiver::imap::kStepOctets);
}

TEST_CASE_METHOD(ImapFixture, "APPEND takes a literal8, RFC 3516 4.4") {
  const auto step = GENERATE(std::size_t{1}, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  const std::string head = "Content-Transfer-Encoding: binary\r\n\r\n";
  const std::string message = head + "a" + kNul + "b";
  CHECK(client.talk("a APPEND INBOX ~{" + std::to_string(message.size()) + "+}\r\n" + message + "\r\n")
            .find("a OK [APPENDUID") != std::string::npos);
  CHECK(client.talk("b FETCH 1 (BINARY.PEEK[1])\r\n") ==
        "* 1 FETCH (BINARY[1] ~{3}\r\na" + kNul + "b)\r\nb OK FETCH completed\r\n");
  const std::string nul = client.talk("c FETCH 1 BODY.PEEK[TEXT]\r\n");
  CHECK(nul.find('\0') == std::string::npos);
  CHECK(nul.find("YQBi") != std::string::npos);
  const std::string bad = "Subject: x\r\n\r\na" + kNul + "b";
  CHECK(client.talk("d APPEND INBOX ~{17+}\r\n" + bad + "\r\n").find("d NO [UNKNOWN-CTE]") == 0);
  CHECK(client.talk("e APPEND INBOX {17+}\r\n" + bad + "\r\n").find("e NO") == 0);
  CHECK(client.talk("f SEARCH TEXT ~{1+}\r\nx\r\n").find("f BAD") == 0);
}
