#include <string>
#include <vector>

#include "common/base/text.hpp"
#include "common/mime/fold.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "receiver/imap/parse/command.hpp"
#include "receiver/imap/search/search.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::imap;
using search::Matcher;

namespace {

// A message in memory; counts how far the search had to look.
class Subject : public search::SearchSubject {
 public:
  explicit Subject(std::string message)
      : message_(std::move(message)), summary_(mime::summarize(message_, mime::index_message(message_))) {}

  std::uint32_t sequence() const override { return 3; }
  std::uint32_t uid() const override { return 70; }
  std::uint8_t system_flags() const override { return flags; }
  bool recent() const override { return is_recent; }
  bool has_keyword(std::string_view name) const override { return base::iequals(name, "work"); }
  base::UnixTime internal_date() const override { return date; }
  std::int16_t zone_minutes() const override { return zone; }
  std::uint64_t octets() const override { return message_.size(); }
  std::uint64_t modseq() const override { return 9; }
  std::string email_id() const override { return "M1-2-3"; }
  base::UnixTime save_date() const override { return 1'000'000'000; }
  base::Result<const mime::Summary*> summary() override {
    ++summaries;
    return &summary_;
  }
  base::Result<std::string> read(mime::Range range) override {
    ++reads;
    if (broken) return base::Error{base::Errc::Corrupt, "checksum"};
    return message_.substr(range.offset, range.octets);
  }

  std::uint8_t flags = 0;
  bool is_recent = false;
  base::UnixTime date = 0;
  std::int16_t zone = 0;
  bool broken = false;
  int summaries = 0;
  int reads = 0;

 private:
  std::string message_;
  mime::Summary summary_;
};

const search::Context kContext{3, 70, 1'000'000, parse::NumSet({{60, 65}, {70, 70}})};

base::Result<bool> try_match(Subject& subject, const std::string& keys) {
  const auto command = parse::parse_command("a SEARCH " + keys);
  INFO(keys);
  REQUIRE(command.ok());
  const auto& args = std::get<parse::SearchArgs>(command->args);
  const auto matcher = Matcher::compile(args.tree, args.charset, kContext);
  if (!matcher.ok()) return matcher.error();
  return matcher->matches(subject);
}

bool matches(Subject& subject, const std::string& keys) {
  const auto result = try_match(subject, keys);
  INFO(keys);
  REQUIRE(result.ok());
  return *result;
}

struct Row {
  const char* keys;
  bool expected;
};
void check_rows(Subject& subject, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.keys);
    CHECK(matches(subject, row.keys) == row.expected);
  }
}

const char* const kMessage =
    "From: =?utf-8?q?Ren=C3=A9?= Descartes <rene@example.test>\r\n"
    "To: \"Ada Lovelace\" <ada@example.test>, bob@example.org\r\n"
    "Cc: carol@example.net\r\n"
    "Subject: =?iso-8859-1?q?Gr=FC=DFe?= aus\r\n M=?utf-8?b?w7xuY2hlbg==?=\r\n"
    "Date: Tue, 29 Feb 2000 23:30:00 -0800\r\n"
    "X-Mailer: Hearth\r\n"
    "X-Empty:\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-15\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Price: 5 =A4, caf=E9 soft=\r\nbreak\r\n"
    "--b\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "PGI+xbx1YnI8L2I+\r\n"  // <b>żubr</b>
    "--b\r\n"
    "Content-Type: application/octet-stream; name=secret-plan.bin\r\n"
    "\r\n"
    "binarytext\r\n"
    "--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner subject\r\n"
    "From: =?utf-8?q?Zo=C3=AB?= <zoe@example.test>\r\n"
    "\r\n"
    "inner body\r\n"
    "--b--\r\n";

}  // namespace

TEST_CASE("flags, numbers and sizes come from the record alone", "[search]") {
  Subject subject(kMessage);
  subject.flags = parse::kSeen | parse::kFlagged;
  subject.is_recent = true;
  check_rows(subject, {
                          {"ALL", true},
                          {"SEEN", true},
                          {"UNSEEN", false},
                          {"FLAGGED", true},
                          {"UNFLAGGED", false},
                          {"ANSWERED", false},
                          {"UNANSWERED", true},
                          {"DRAFT", false},
                          {"UNDRAFT", true},
                          {"DELETED", false},
                          {"UNDELETED", true},
                          {"RECENT", true},
                          {"OLD", false},
                          {"NEW", false},
                          {"KEYWORD work", true},
                          {"KEYWORD Work", true},
                          {"KEYWORD x", false},
                          {"UNKEYWORD x", true},
                          {"UNKEYWORD work", false},
                          {"3", true},
                          {"1:2", false},
                          {"*", true},
                          {"9:*", true},
                          {"1:*", true},
                          {"UID 70", true},
                          {"UID 1:69", false},
                          {"UID *", true},
                          {"UID 500:*", true},
                          {"LARGER 10", true},
                          {"LARGER 100000", false},
                          {"SMALLER 10", false},
                          {"SMALLER 100000", true},
                          {"NOT SEEN", false},
                          {"NOT NOT SEEN", true},
                          {"OR UNSEEN FLAGGED", true},
                          {"OR UNSEEN UNFLAGGED", false},
                          {"(SEEN FLAGGED)", true},
                          {"SEEN (FLAGGED DRAFT)", false},
                          {"NOT (SEEN DRAFT)", true},
                          {"OR (SEEN DRAFT) (FLAGGED NOT DRAFT)", true},
                      });
  CHECK(subject.summaries == 0);
  CHECK(subject.reads == 0);
  subject.flags = 0;
  CHECK(matches(subject, "NEW"));
}

TEST_CASE("SMALLER and LARGER leave out the size itself", "[search]") {
  Subject subject("Subject: x\r\n\r\n1234");  // 18 octets
  CHECK_FALSE(matches(subject, "LARGER 18"));
  CHECK_FALSE(matches(subject, "SMALLER 18"));
  CHECK(matches(subject, "LARGER 17 SMALLER 19"));
}

TEST_CASE("internal dates count in their own zone", "[search]") {
  Subject subject(kMessage);
  subject.date = 86'400 * 10 + 3600;  // 1970-01-11 01:00 UTC
  check_rows(subject, {{"ON 11-Jan-1970", true},
                       {"BEFORE 11-Jan-1970", false},
                       {"BEFORE 12-Jan-1970", true},
                       {"SINCE 11-Jan-1970", true},
                       {"SINCE 12-Jan-1970", false}});
  subject.zone = -120;  // 1970-01-10 23:00 there
  check_rows(subject, {{"ON 10-Jan-1970", true}, {"ON 11-Jan-1970", false}, {"SINCE 11-Jan-1970", false}});
  subject.date = -1;
  subject.zone = 0;
  check_rows(subject, {{"ON 31-Dec-1969", true}, {"BEFORE 1-Jan-1970", true}});
}

TEST_CASE("SENT keys read Date: without its zone", "[search]") {
  Subject subject(kMessage);
  check_rows(subject, {{"SENTON 29-Feb-2000", true},
                       {"SENTON 1-Mar-2000", false},
                       {"SENTBEFORE 29-Feb-2000", false},
                       {"SENTBEFORE 1-Mar-2000", true},
                       {"SENTSINCE 29-Feb-2000", true},
                       {"SENTSINCE 1-Mar-2000", false}});
  Subject undated("Subject: x\r\n\r\nbody\r\n");
  check_rows(undated,
             {{"SENTON 1-Jan-1970", false}, {"SENTBEFORE 1-Jan-2030", false}, {"SENTSINCE 1-Jan-1960", false}});
}

TEST_CASE("addresses and subject match as a reader sees them", "[search]") {
  Subject subject(kMessage);
  check_rows(subject, {{"FROM \"REN\xc3\x89 desc\"", true},
                       {"FROM rene@EXAMPLE.test", true},
                       {"FROM ada", false},
                       {"TO lovelace", true},
                       {"TO bob@example.org", true},
                       {"CC carol", true},
                       {"CC ada", false},
                       {"BCC x", false},
                       {"BCC \"\"", false},  // no such field
                       {"CC \"\"", true},
                       {"SUBJECT \"GR\xc3\x9c\xc3\x9f"
                        "E\"",
                        true},
                       {"SUBJECT gruesse", false},
                       {"SUBJECT gr", true},
                       {"SUBJECT GRU", true},  // the mark follows: RFC 5051 compares decomposed texts
                       {"SUBJECT \"gr\xc3\xbcsse aus m\xc3\xbcnchen\"", false},  // RFC 5051: sharp s is no "ss"
                       {"SUBJECT \"aus M\xc3\x9cNCHEN\"", true}});
  CHECK(subject.reads == 0);
}

TEST_CASE("HEADER looks at decoded fields", "[search]") {
  Subject subject(kMessage);
  check_rows(subject, {{"HEADER X-Mailer hearth", true},
                       {"HEADER x-mailer \"\"", true},
                       {"HEADER X-Empty \"\"", true},
                       {"HEADER X-None \"\"", false},
                       {"HEADER X-Mailer thunder", false},
                       {"HEADER Subject \"GR\xc3\x9c\xc3\x9f"
                        "E\"",
                        true},
                       {"HEADER From \"ren\xc3\xa9\"", true},
                       {"HEADER Date \"29 feb 2000\"", true},
                       {"HEADER Content-Type boundary", true}});
}

TEST_CASE("BODY looks into decoded text parts and messages inside", "[search]") {
  Subject subject(kMessage);
  check_rows(subject, {{"BODY \"5 \xe2\x82\xac\"", true},  // the euro sign of ISO 8859-15
                       {"BODY \"CAF\xc3\x89\"", true},
                       {"BODY softbreak", true},        // a soft line break of quoted-printable
                       {"BODY \"\xc5\xbbUBR\"", true},  // base64
                       {"BODY binarytext", false},      // not text
                       {"BODY secret-plan", true},      // but its name is in the part's header
                       {"BODY \"inner subject\"", true},
                       {"BODY \"zo\xc3\xab\"", true},
                       {"BODY \"inner body\"", true},
                       {"BODY lovelace", false},  // the message's own header is no body
                       {"BODY preamble", false},
                       {"BODY \"\"", true}});
}

TEST_CASE("TEXT looks at header and body", "[search]") {
  Subject subject(kMessage);
  check_rows(subject, {{"TEXT lovelace", true},
                       {"TEXT \"x-mailer: hearth\"", true},
                       {"TEXT \"inner body\"", true},
                       {"TEXT \"m\xc3\xbcnchen\"", true},
                       {"TEXT nowhere", false}});
  Subject single("Subject: one\r\n\r\njust text\r\n");
  check_rows(single, {{"BODY one", false}, {"TEXT one", true}, {"BODY \"JUST text\"", true}});
  Subject headless("\r\nonly body\r\n");
  check_rows(headless, {{"TEXT only", true}, {"BODY only", true}, {"SUBJECT only", false}});
}

TEST_CASE("plain ASCII is searched as it stands and still as a reader sees it", "[search]") {
  Subject plain(
      "Subject: harvest\r\n\tfestival: the long road\r\n"
      "X-Odd : one\r\n two\r\n"
      "X-Bare: sp\rlit\r\n"
      "\r\n"
      "Some Text and\r\nanother line [x] {y}\r\n");
  check_rows(plain, {{"TEXT \"HARVEST FESTIVAL\"", true},
                     {"TEXT \"festival: THE\"", true},
                     {"TEXT \"x-odd: one two\"", true},
                     {"TEXT split", true},  // a bare CR is no character of the field
                     {"TEXT \"harvest  festival\"", false},
                     {"TEXT \"one:two\"", false},
                     {"TEXT \" \"", true},
                     {"BODY \"some text\"", true},
                     {"BODY \"SOME TEXT\"", true},
                     {"BODY \"LINE [x] {Y}\"", true},
                     {"BODY \"LINE {x}\"", false},
                     {"BODY harvest", false},
                     {"BODY \"some text\xc3\xa9\"", false}});
}

TEST_CASE("cheap keys are asked first", "[search]") {
  Subject subject(kMessage);
  CHECK_FALSE(matches(subject, "BODY x SUBJECT y SEEN"));
  CHECK(subject.summaries == 0);
  CHECK(matches(subject, "OR BODY x UNSEEN"));
  CHECK(subject.reads == 0);
  const auto command = parse::parse_command("a SEARCH SEEN OR FROM x NOT BODY y");
  const auto& tree = std::get<parse::SearchArgs>(command->args).tree;
  CHECK(Matcher::compile(tree, "", kContext)->needs_body());
  const auto flags = parse::parse_command("a SEARCH SEEN 1:3");
  CHECK_FALSE(Matcher::compile(std::get<parse::SearchArgs>(flags->args).tree, "", kContext)->needs_summary());
}

TEST_CASE("charsets, RFC 9051 6.4.4", "[search]") {
  Subject subject(kMessage);
  CHECK(matches(subject, "CHARSET UTF-8 BODY \"caf\xc3\xa9\""));
  CHECK(matches(subject, "CHARSET us-ascii BODY softbreak"));
  CHECK(matches(subject, "CHARSET ISO-8859-1 BODY {4}\r\ncaf\xe9"));
  CHECK(matches(subject, "CHARSET windows-1252 BODY {1}\r\n\x80"));
  const auto unknown = try_match(subject, "CHARSET x-frob BODY x");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == base::Errc::Unsupported);
  CHECK_FALSE(try_match(subject, "CHARSET \"UTF-8//TRANSLIT\" BODY x").ok());
  CHECK_FALSE(try_match(subject, "CHARSET \"\" BODY {1}\r\n\xff").ok());
  const auto not_ascii = try_match(subject, "CHARSET US-ASCII BODY \"\xc3\xa9\"");
  REQUIRE_FALSE(not_ascii.ok());
  CHECK(not_ascii.error().code == base::Errc::Invalid);
}

TEST_CASE("a body that cannot be read is an error, not a miss", "[search]") {
  Subject subject(kMessage);
  subject.broken = true;
  const auto result = try_match(subject, "BODY x");
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == base::Errc::Corrupt);
  CHECK(matches(subject, "SUBJECT m"));
}

TEST_CASE("texts are compared by i;unicode-casemap, RFC 5051 2", "[search]") {
  CHECK(mime::fold_case("ABC xyz_12") == "ABC XYZ_12");
  CHECK(mime::fold_case("\xc3\xa9") == "E\xcc\x81");                     // title case, then decomposed
  CHECK(mime::fold_case("e\xcc\x81") == mime::fold_case("\xc3\x89"));    // decomposed and composed
  CHECK(mime::fold_case("\xc3\x9f") == "\xc3\x9f");                      // sharp s: the simple mapping leaves it
  CHECK(mime::fold_case("\xcf\x82") == mime::fold_case("\xce\xa3"));     // final sigma
  CHECK(mime::fold_case("\xef\xbd\x81") == "A");                         // full-width a
  CHECK(mime::fold_case("\xc7\xb3") == "Dz");                            // dz: in title case Dz
  CHECK(mime::fold_case("\xe2\x93\x90") == "A");                         // circled a
  CHECK(mime::fold_case("\xe2\x85\xb3") == "IV");                        // small Roman four
  CHECK(mime::fold_case("\xea\xb0\x80") == "\xe1\x84\x80\xe1\x85\xa1");  // Hangul
  CHECK(mime::fold_case("\xff\xfe") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(mime::fold_case(std::string("a\0\xc3\x89", 4)) == std::string("A\0E\xcc\x81", 5));
  CHECK(mime::fold_case("").empty());
}

TEST_CASE("OLDER and YOUNGER count from now, RFC 5032 3", "[search]") {
  Subject subject(kMessage);
  subject.date = 1'000'000 - 60;
  check_rows(subject, {{"OLDER 59", true},
                       {"OLDER 60", true},
                       {"OLDER 61", false},
                       {"YOUNGER 59", false},
                       {"YOUNGER 60", true},
                       {"YOUNGER 61", true},
                       {"NOT YOUNGER 4294967295", false}});
}

TEST_CASE("$ is what was saved, RFC 5182 2.1", "[search]") {
  Subject subject(kMessage);
  check_rows(subject, {{"$", true}, {"UID $", true}, {"NOT $", false}, {"OR $ UNSEEN", true}});
}
