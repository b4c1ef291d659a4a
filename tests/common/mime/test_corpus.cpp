// The corpus is what it says: permitted by SMTP, named, always the same; and every message of it can be summarized.
#include "tests/corpus/corpus.hpp"

#include <map>
#include <set>

#include "common/mime/summary.hpp"
#include "tests/fuzz/imap_list.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using mime::Summary;
using test::CorpusMessage;

namespace {

constexpr std::size_t kLongestLine = 2'000;  // octets without CRLF, see corpus.hpp

std::map<std::string, Summary> summaries() {
  std::map<std::string, Summary> out;
  for (const CorpusMessage& message : test::corpus()) {
    out.emplace(message.name, mime::summarize(message.octets, mime::index_message(message.octets)));
  }
  return out;
}

// Why SMTP could not carry it, or "".
std::string flaw(std::string_view octets) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const char c = octets[i];
    if (c == '\0') return "NUL";
    if (c == '\n' && (i == 0 || octets[i - 1] != '\r')) return "bare LF";
    if (c == '\r' && (i + 1 == octets.size() || octets[i + 1] != '\n')) return "bare CR";
    line = c == '\n' ? 0 : line + 1;
    if (line > kLongestLine + 1) return "long line";
  }
  return "";
}

}  // namespace

TEST_CASE("The corpus has at least 60 messages with names of their own that SMTP can carry") {
  const auto corpus = test::corpus();
  CHECK(corpus.size() >= 60);
  std::set<std::string> names;
  for (const CorpusMessage& message : corpus) {
    INFO(message.name);
    CHECK(names.insert(message.name).second);
    CHECK(flaw(message.octets).empty());
    CHECK((message.octets.empty() || (message.octets[0] != ' ' && message.octets[0] != '\t')));
  }
}

TEST_CASE("Every message of the corpus has a well-formed envelope and structure") {
  for (const auto& [name, summary] : summaries()) {
    INFO(name);
    CHECK(fuzz::list_elements(summary.envelope) == 10);
    CHECK(fuzz::list_elements(summary.body) >= 2);
    CHECK(fuzz::list_elements(summary.body_structure) >= 6);
    CHECK(mime::decode_summary(mime::encode(summary)).ok());
  }
}

TEST_CASE("What the corpus is meant to show is seen") {
  const auto all = summaries();
  CHECK(all.at("encoded-words").from == "J\xC3\xB6rg M\xC3\xBCller <joerg@elsewhere.example>");
  CHECK(all.at("encoded-words").subject == "If you can read this you understand the example.");
  CHECK(all.at("raw-latin1-header").subject ==
        "Gr\xC3\xBC\xC3\x9F"
        "e aus K\xC3\xB6ln");
  CHECK(all.at("raw-latin1-header").subject == all.at("raw-utf8-header").subject);
  CHECK(all.at("base64-text").preview ==
        "Gr\xC3\xBC\xC3\x9F"
        "e aus K\xC3\xB6ln");
  CHECK(all.at("shift-jis").preview == all.at("iso-2022-jp").preview);
  CHECK(all.at("html").preview ==
        "Fish & chips \xE2\x82\xAC"
        "5");
  CHECK(all.at("thread").references.size() == 3);
  CHECK(all.at("thread").preview == "An answer.");
  CHECK(all.at("rfc5322-obsolete").sent == 867768757);
  CHECK(all.at("thousand-parts").parts.size() == 1001);
  CHECK(all.at("ninety-nine-levels").parts.size() == 100);
  CHECK(all.at("two-hundred-levels").parts.size() == mime::kMaxDepth + 1);
  CHECK(all.at("messages-150-deep").parts.size() == mime::kMaxDepth + 2);  // the last is the empty text of a leaf
  CHECK(all.at("1200-fields").fields.size() == mime::kMaxHeaderLines);
  CHECK(all.at("no-header").fields.empty());
  CHECK(all.at("huge-part").parts[1].body.octets > 2'000'000);
  CHECK(all.at("multipart-closed-at-once").parts.size() == 2);
  CHECK(all.at("rfc2049-complex").parts.back().path == "5.1");
}

TEST_CASE("The list reader of the fuzz targets refuses what is not one list") {
  CHECK(fuzz::list_elements("(NIL \"a\" {2}\r\n\"( 12)") == 4);
  CHECK(fuzz::list_elements("((1)(2) \"x\")") == 3);
  for (const std::string text : {"", "(", ")", "()", "(1", "(1))", "(1 )", "( 1)", "(1  2)", "(\"a)", "(\"\\a\")",
                                 "({3}\r\nab)", "(a)", "(1)(2)", "(\"\xC3\")", "(\"a\"\"b\")", "(1(2))", "(NIL(2))"}) {
    INFO(text);
    CHECK(fuzz::list_elements(text) == 0);
  }
}
