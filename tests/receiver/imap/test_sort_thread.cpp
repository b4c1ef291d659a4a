#include <string>
#include <vector>

#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "receiver/imap/search/base_subject.hpp"
#include "receiver/imap/search/envelope_address.hpp"
#include "receiver/imap/search/sorter.hpp"
#include "receiver/imap/search/threader.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::imap;
using search::base_subject;

namespace {

mime::Summary summary_of(const std::string& message) { return mime::summarize(message, mime::index_message(message)); }

struct Letter {
  std::string id;
  std::string references;
  std::string subject;
  int day = 1;
  std::string more;
};

std::string message_of(const Letter& letter) {
  std::string out = "Date: " + std::to_string(letter.day) + " Jan 2020 00:00:00 +0000\r\n";
  if (!letter.id.empty()) out += "Message-ID: <" + letter.id + "@x>\r\n";
  if (!letter.references.empty()) out += "References: " + letter.references + "\r\n";
  if (!letter.subject.empty()) out += "Subject: " + letter.subject + "\r\n";
  return out + letter.more + "\r\nbody\r\n";
}

std::string threads(parse::ThreadAlgorithm algorithm, const std::vector<Letter>& letters) {
  search::Threader threader(algorithm);
  std::uint32_t number = 0;
  for (const auto& letter : letters) threader.add(++number, 0, summary_of(message_of(letter)));
  while (!threader.build(std::chrono::milliseconds(1))) {
  }
  std::string out;
  while (!threader.put(out, 1)) {
  }
  return out;
}
std::string by_references(const std::vector<Letter>& letters) {
  return threads(parse::ThreadAlgorithm::References, letters);
}
std::string by_subject(const std::vector<Letter>& letters) {
  return threads(parse::ThreadAlgorithm::OrderedSubject, letters);
}

std::string order(std::vector<parse::SortKey> keys, const std::vector<std::string>& messages) {
  search::Sorter sorter(std::move(keys));
  std::uint32_t sequence = 0;
  for (const auto& message : messages) {
    ++sequence;
    REQUIRE(sorter.add({sequence, 1000 - sequence, message.size()}, mime::encode(summary_of(message))).ok());
  }
  std::string out;
  for (const auto number : sorter.sorted()) out += std::to_string(number) + " ";
  return out;
}

}  // namespace

TEST_CASE("base subjects, RFC 5256 2.1", "[sort]") {
  struct Row {
    const char* subject;
    const char* base;
    bool reply;
  };
  for (const Row& row : std::vector<Row>{
           {"hello", "hello", false},
           {"", "", false},
           {"  two   words\t here ", "two words here", false},
           {"Re: hello", "hello", true},
           {"RE: re: Fwd: FW: hello", "hello", true},
           {"re  : hello", "hello", true},
           {"Re[2]: hello", "hello", true},
           {"Re [any thing] : hello", "hello", true},
           {"[list] Re: hello", "hello", true},
           {"[list] [two] hello", "hello", false},
           {"Re: [list] Re: [list] hello", "hello", true},
           {"[list]", "[list]", false},
           {"Re: [list]", "[list]", true},
           {"[a][b]", "[b]", false},
           {"hello (fwd)", "hello", true},
           {"hello (FWD) (fwd) ", "hello", true},
           {"(fwd)", "", true},
           {"[fwd: hello]", "hello", true},
           {"[Fwd: Re: [list] hello (fwd)]", "hello", true},
           {"[fwd: [fwd: hello]]", "hello", true},
           {"[fwd: hello", "[fwd: hello", false},
           {"Re:", "", true},
           {"Reply: hello", "Reply: hello", false},
           {"fwdd: hello", "fwdd: hello", false},
           {"Re hello", "Re hello", false},
           {"[un[nested] x", "[un[nested] x", false},
           {"\xc3\x9c"
            "ber",
            "\xc3\x9c"
            "ber",
            false},
       }) {
    INFO(row.subject);
    const auto found = base_subject(row.subject);
    CHECK(found.text == row.base);
    CHECK(found.reply_or_forward == row.reply);
  }
}

TEST_CASE("base subjects take linear time", "[sort][limits]") {
  std::string blobs;
  for (int i = 0; i < 300'000; ++i) blobs += "[a]";
  CHECK(base_subject(blobs + "x").text == "x");
  std::string replies;
  for (int i = 0; i < 300'000; ++i) replies += "Re: ";
  CHECK(base_subject(replies + "x").text == "x");
  std::string forwards;
  for (int i = 0; i < 100'000; ++i) forwards += "[fwd:";
  CHECK(base_subject(forwards + "x" + std::string(100'000, ']')).text == "x");
}

TEST_CASE("the first address of an envelope", "[sort]") {
  const auto first = [](const std::string& fields, search::EnvelopeList list) {
    const auto found = search::first_address(summary_of(fields + "\r\n").envelope, list);
    REQUIRE(found.ok());
    return found->name + "|" + found->mailbox + "|" + found->host;
  };
  const std::string fields =
      "Subject: a \"b\\\r\nFrom: \"Ada \\\"L\\\"\" <ada@x.test>, bob@y\r\nTo: friends: carol@z;\r\nCc: dan@w\r\n";
  CHECK(first(fields, search::EnvelopeList::From) == "Ada \"L\"|ada|x.test");
  CHECK(first(fields, search::EnvelopeList::To) == "|friends|");
  CHECK(first(fields, search::EnvelopeList::Cc) == "|dan|w");
  CHECK(first("From: a@b\r\n", search::EnvelopeList::Cc) == "||");
  CHECK(first("From: =?utf-8?q?Zo=C3=AB?= <z@b>\r\nTo: \xff <y@b>\r\n", search::EnvelopeList::To).ends_with("|y|b"));
  for (const char* broken : {"", "(", "(NIL", "(NIL NIL ((\"a", "(NIL NIL (({99}\r\nx"}) {
    CHECK_FALSE(search::first_address(broken, search::EnvelopeList::From).ok());
  }
}

TEST_CASE("sort keys, RFC 5256 3 and RFC 5957", "[sort]") {
  using parse::SortField;
  const std::vector<std::string> messages{
      "From: Zoe <bob@x>\r\nTo: c@x\r\nSubject: Re: beta\r\nDate: 3 Jan 2020 00:00:00 +0000\r\n\r\nlong long\r\n",
      "From: ann@x\r\nTo: B@x\r\nCc: k@x\r\nSubject: alpha\r\nDate: 3 Jan 2020 01:00:00 +0200\r\n\r\n",
      "From: =?utf-8?q?=C3=84nne?= <ann@x>\r\nTo: a@x\r\nSubject: [l] BETA (fwd)\r\n\r\nx\r\n",
  };
  CHECK(order({{SortField::Arrival, false}}, messages) == "3 2 1 ");
  CHECK(order({{SortField::Arrival, true}}, messages) == "1 2 3 ");
  CHECK(order({{SortField::Size, false}}, messages) == "3 2 1 ");
  CHECK(order({{SortField::Subject, false}}, messages) == "2 1 3 ");
  CHECK(order({{SortField::Subject, true}}, messages) == "1 3 2 ");  // equals stay in sequence
  CHECK(order({{SortField::Subject, true}, {SortField::Arrival, false}}, messages) == "3 1 2 ");
  CHECK(order({{SortField::Date, false}}, messages) == "3 2 1 ");  // without Date: the internal date; zones count
  CHECK(order({{SortField::From, false}}, messages) == "2 3 1 ");
  CHECK(order({{SortField::To, false}}, messages) == "3 2 1 ");
  CHECK(order({{SortField::Cc, false}}, messages) == "1 3 2 ");
  CHECK(order({{SortField::DisplayFrom, false}}, messages) == "2 3 1 ");  // "ann@x", A with a mark, "Zoe"
  CHECK(order({{SortField::DisplayTo, false}}, messages) == "3 2 1 ");
}

TEST_CASE("REFERENCES: chains, branches, missing messages, RFC 5256 3", "[thread]") {
  CHECK(by_references({}) == "");
  CHECK(by_references({{"a", "", "one", 1, ""}}) == "(1)");
  CHECK(by_references(
            {{"a", "", "one", 1, ""}, {"b", "<a@x>", "Re: one", 2, ""}, {"c", "<a@x> <b@x>", "Re: one", 3, ""}}) ==
        "(1 2 3)");
  // Two answers to one message; the older one first.
  CHECK(by_references({{"a", "", "one", 1, ""}, {"b", "<a@x>", "Re: one", 3, ""}, {"c", "<a@x>", "Re: one", 2, ""}}) ==
        "(1 (3)(2))");
  // The parent is not there: the children hang on a dummy.
  CHECK(by_references({{"b", "<a@x>", "p", 2, ""}, {"c", "<a@x>", "q", 1, ""}}) == "((2)(1))");
  // A dummy in the middle goes; an only child takes its place at the top.
  CHECK(by_references({{"a", "", "one", 1, ""}, {"d", "<a@x> <b@x> <c@x>", "two", 2, ""}}) == "(1 2)");
  CHECK(by_references({{"d", "<a@x> <b@x> <c@x>", "two", 2, ""}}) == "(1)");
  // Answers that stand before what they answer.
  CHECK(by_references({{"c", "<a@x> <b@x>", "", 3, ""}, {"b", "<a@x>", "", 2, ""}, {"a", "", "", 1, ""}}) == "(3 2 1)");
  // In-Reply-To counts when there is no References.
  CHECK(by_references({{"a", "", "", 1, ""}, {"b", "", "", 2, "In-Reply-To: <a@x>\r\n"}}) == "(1 2)");
  // Quoting is no difference.
  CHECK(by_references({{"a.b", "", "", 1, ""}, {"b", "<\"a.b\"@x>", "", 2, ""}}) == "(1 2)");
  // The same id twice: the second one counts as without.
  CHECK(by_references({{"a", "", "", 1, ""}, {"a", "", "", 2, ""}, {"b", "<a@x>", "", 3, ""}}) == "(1 3)(2)");
}

TEST_CASE("REFERENCES: loops and lies", "[thread]") {
  CHECK(by_references({{"a", "<a@x>", "", 1, ""}}) == "(1)");
  CHECK(by_references({{"a", "<b@x>", "", 1, ""}, {"b", "<a@x>", "", 2, ""}}) == "(2 1)");
  CHECK(by_references({{"a", "<c@x>", "", 1, ""}, {"b", "<a@x>", "", 2, ""}, {"c", "<b@x>", "", 3, ""}}) == "(3 1 2)");
  CHECK(by_references({{"a", "<x@x> <y@x> <x@x>", "", 1, ""}}) == "(1)");
}

TEST_CASE("REFERENCES: threads of one subject are merged, RFC 5256 3 step 5", "[thread]") {
  // A reply joins what it answers; two independent messages become siblings.
  CHECK(by_references({{"a", "", "one", 1, ""}, {"b", "", "Re: ONE", 2, ""}}) == "(1 2)");
  CHECK(by_references({{"b", "", "Re: one", 1, ""}, {"a", "", "one", 2, ""}}) == "(2 1)");
  CHECK(by_references({{"a", "", "one", 1, ""}, {"b", "", "one", 2, ""}}) == "((1)(2))");
  CHECK(by_references({{"a", "", "Re: one", 1, ""}, {"b", "", "Re: one", 2, ""}, {"c", "", "one", 3, ""}}) ==
        "(3 (1)(2))");
  CHECK(by_references({{"a", "", "one", 1, ""}, {"b", "", "one", 2, ""}, {"c", "", "one", 3, ""}}) == "((1)(2)(3))");
  // No subject, no merging.
  CHECK(by_references({{"a", "", "", 1, ""}, {"b", "", "Re:", 2, ""}}) == "(1)(2)");
  // Two dummies with one subject.
  CHECK(by_references({{"b", "<a@x>", "s", 1, ""},
                       {"c", "<a@x>", "s", 2, ""},
                       {"e", "<d@x>", "s", 3, ""},
                       {"f", "<d@x>", "s", 4, ""}}) == "((1)(2)(3)(4))");
  // A dummy and a message.
  CHECK(by_references({{"b", "<a@x>", "s", 1, ""}, {"c", "<a@x>", "s", 2, ""}, {"z", "", "s", 3, ""}}) ==
        "((1)(2)(3))");
}

TEST_CASE("ORDEREDSUBJECT, RFC 5256 3", "[thread]") {
  CHECK(by_subject(
            {{"", "", "one", 2, ""}, {"", "", "two", 1, ""}, {"", "", "Re: one", 3, ""}, {"", "", "ONE", 1, ""}}) ==
        "(2)(4 (1)(3))");
  CHECK(by_subject({{"", "", "one", 1, ""}, {"", "", "re: one", 2, ""}}) == "(1 2)");
  CHECK(by_subject({{"", "", "", 1, ""}, {"", "", "", 2, ""}}) == "(1 2)");
}

TEST_CASE("a chain beyond every depth costs no stack, and a loop in it ends", "[thread][limits]") {
  constexpr int kMessages = 5'000;
  std::vector<Letter> letters;
  for (int i = 0; i < kMessages; ++i) {
    const std::string before = std::to_string((i + kMessages - 1) % kMessages);
    letters.push_back({std::to_string(i), "<" + before + "@x>", "", 1, ""});
  }
  const std::string shown = by_references(letters);
  CHECK(std::count(shown.begin(), shown.end(), ' ') + std::count(shown.begin(), shown.end(), '(') == kMessages);
  // No thread is deeper than the limit.
  std::size_t longest = 0;
  std::size_t levels = 0;
  for (const char c : shown) {
    levels = c == '(' ? 1 : c == ' ' ? levels + 1 : levels;
    longest = std::max(longest, levels);
  }
  CHECK(longest <= 2 * search::kMaxThreadDepth);
  CHECK(longest >= search::kMaxThreadDepth);
}
