#include "common/mime/compose.hpp"

#include <set>

#include "common/base/text.hpp"
#include "common/mime/decode.hpp"
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::base::is_ascii;
using hearthmail::mime::test::at;
using hearthmail::mime::test::crlf;
using hearthmail::mime::test::part_at;

namespace {

Report sample() {
  Report report;
  report.from = "Mail Delivery System <mailer-daemon@example.test>";
  report.to = "ada@example.test";
  report.subject = "Undelivered mail";
  report.message_id = "<r1@example.test>";
  report.date = 1795459130;
  report.text = "Your message\ncould not be delivered.\n";
  report.message_fields = {{"Reporting-MTA", "dns; mail.example.test"}, {"X-Queue-ID", "7"}};
  report.recipient_fields = {{{"Final-Recipient", "rfc822; bob@far.test"},
                              {"Action", "failed"},
                              {"Status", "5.1.1"},
                              {"Diagnostic-Code", "smtp; 550 5.1.1 no such user"}}};
  report.returned = crlf("From: ada@example.test\nSubject: hi\n\n");
  return report;
}

bool lines_are_crlf(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
  }
  return true;
}

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  for (const auto line : hearthmail::base::split(text, '\n')) longest = std::max(longest, line.size());
  return longest;
}

}  // namespace

TEST_CASE("Message ids are unique and in brackets, RFC 5322 3.6.4") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(unique_message_id("mail.example.test"));
  CHECK(seen.size() == 100);
  CHECK(seen.begin()->front() == '<');
  CHECK(seen.begin()->find("@mail.example.test>") != std::string::npos);
  CHECK(unique_message_id("").find("@localhost>") != std::string::npos);
}

TEST_CASE("Header text is encoded when it must be, RFC 2047") {
  CHECK(encode_header_text("plain text") == "plain text");
  CHECK(encode_header_text("caf\xC3\xA9 x") == "=?utf-8?Q?caf=C3=A9_x?=");
  CHECK(encode_header_text("a =?b") == "=?utf-8?Q?a_=3D=3Fb?=");
  CHECK(encode_header_text("a\r\nBcc: x") == "=?utf-8?Q?a=0D=0ABcc=3A_x?=");
}

TEST_CASE("Encoded words are at most 75 octets, cut between characters, and decode to the same text") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\xE2\x82\xAC\xF0\x9F\x98\x80 ";
  const std::string encoded = encode_header_text(text);
  for (const auto word : hearthmail::base::split(encoded, '\n')) {
    CHECK(word.size() <= 1 + kMaxEncodedWord + 1);
    CHECK(hearthmail::base::is_utf8(decode_header(word)));
    CHECK(decode_header(word).find("\xEF\xBF\xBD") == std::string::npos);
  }
  CHECK(decode_header(encoded) == text);
  CHECK(decode_header(encode_header_text("\xFF")) == "\xEF\xBF\xBD");
  CHECK(longest_line(encode_header_text(std::string(3000, 'x'))) < 80);
}

TEST_CASE("A delivery report, octet for octet but for its boundary, RFC 3464") {
  const std::string message = compose_report(sample());
  const Index index = index_message(message);
  std::string boundary;
  for (const Parameter& p : index.parts[0].parameters) {
    if (p.name == "boundary") boundary = p.value;
  }
  REQUIRE(boundary.size() == 34);
  CHECK(
      message ==
      crlf("Date: " + hearthmail::base::rfc5322_date(1795459130) +
           "\nFrom: Mail Delivery System <mailer-daemon@example.test>\nTo: ada@example.test\n"
           "Subject: Undelivered mail\nMessage-ID: <r1@example.test>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
           "Content-Type: multipart/report; report-type=delivery-status;\n boundary=\"" +
           boundary + "\"\n\nThis is a delivery report in MIME format.\n\n--" + boundary +
           "\nContent-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n"
           "Your message\ncould not be delivered.\n\n--" +
           boundary +
           "\nContent-Description: Delivery report\nContent-Type: message/delivery-status\n\n"
           "Reporting-MTA: dns; mail.example.test\nX-Queue-ID: 7\n\nFinal-Recipient: rfc822; bob@far.test\n"
           "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--" +
           boundary +
           "\nContent-Description: Undelivered Message Headers\nContent-Type: text/rfc822-headers\n\n"
           "From: ada@example.test\nSubject: hi\n\n\n--" +
           boundary + "--\n"));
}

TEST_CASE("The whole message comes back byte for byte in a report") {
  Report report = sample();
  report.returned = crlf("Subject: caf\xC3\xA9\n\nline\n--not a boundary\n");
  report.returned_whole = true;
  const std::string message = compose_report(report);
  const Summary summary = summarize(message, index_message(message));
  REQUIRE(part_at(summary, "3") != nullptr);
  CHECK(part_at(summary, "3")->type == "message/rfc822");
  CHECK(at(message, part_at(summary, "3")->body) == report.returned);
  CHECK(part_at(summary, "3")->encoding == "8bit");
  CHECK(part_at(summary, "")->encoding == "8bit");
}

TEST_CASE("A report for internationalized mail uses the types of RFC 6533") {
  Report report = sample();
  report.utf8 = true;
  report.recipient_fields[0][0].value = "utf-8; j\xC3\xB6rg@far.test";
  const std::string message = compose_report(report);
  CHECK(message.find("Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n") !=
        std::string::npos);
  CHECK(message.find("Content-Type: message/global-headers\r\n") != std::string::npos);
  CHECK(message.find("j\xC3\xB6rg@far.test") != std::string::npos);
  report.returned_whole = true;
  CHECK(compose_report(report).find("Content-Type: message/global\r\n") != std::string::npos);
}

TEST_CASE("Text for people is quoted-printable when it is not plain, every line ends with CRLF") {
  Report report = sample();
  report.text =
      "Gr\xC3\xBC\xC3\x9F"
      "e \nlone\rreturn = " +
      std::string(2000, 'y');
  report.recipient_fields[0].push_back(
      {"Diagnostic-Code", "smtp; 550 bad\r\nInjected: \xC3\xA9 " + std::string(3000, 'z')});
  const std::string message = compose_report(report);
  CHECK(is_ascii(message));
  CHECK(lines_are_crlf(message));
  CHECK(longest_line(message) <= kMaxLine + 1);
  const Summary summary = summarize(message, index_message(message));
  const SummaryPart* text = part_at(summary, "1");
  REQUIRE(text != nullptr);
  CHECK(text->encoding == "quoted-printable");
  CHECK(decode_transfer(at(message, text->body), "quoted-printable", 10'000) == crlf("Gr\xC3\xBC\xC3\x9F"
                                                                                     "e \nlone\nreturn = ") +
                                                                                    std::string(2000, 'y') + "\r\n");
  CHECK(message.find("\r\nInjected") == std::string::npos);
}

TEST_CASE("Without a returned message a report has two parts") {
  Report report = sample();
  report.returned.clear();
  CHECK(index_message(compose_report(report)).parts.size() == 3);
}
