// What searches do with a stranger's message and a client's keys: matching, base subjects, sorting and threading never crash,
// keep to their order, and say of a message the same each time.
#include <algorithm>

#include "common/base/text.hpp"
#include "common/mime/fold.hpp"
#include "common/mime/index.hpp"
#include "receiver/imap/parse/command.hpp"
#include "receiver/imap/search/base_subject.hpp"
#include "receiver/imap/search/search.hpp"
#include "receiver/imap/search/sorter.hpp"
#include "receiver/imap/search/threader.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {

// The keys on the first line; then messages, cut at "\x01".
std::vector<std::string> fuzz_seeds() {
  return {
      "OR SUBJECT plan NOT BODY hello\nFrom: a@b\r\nSubject: Re: plan\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n"
      "\x01From: \"B\" <b@c>\r\nSubject: plan\r\nReferences: <1@x> <2@x>\r\nDate: 1 Jan 2020 00:00:00 +0000\r\n\r\nx",
      "TEXT x HEADER Subject \"\" OLDER 5 $ UID 1:*\nSubject: [fwd: [l] Re[2]: =?utf-8?q?=C3=A9?= (fwd)]\r\n\r\ny",
      "CC \"\" FROM \xc3\xa4 SENTSINCE 1-Jan-2020 LARGER 3\nCc: g: h@i;\r\nIn-Reply-To: <3@x>\r\n\r\n\x01Message-ID: "
      "<3@x>\r\n\r\n"};
}
std::vector<std::string> fuzz_dictionary() {
  return {"Re: ",  "Fwd:",  "[fwd: ", "(fwd)", "]",   "[", "Subject: ", "References: ", "Message-ID: ",
          "<1@x>", "<2@x>", "\x01",   "NOT ",  "OR ", "(", ")",         "=?utf-8?q?",   "?="};
}

namespace {

using namespace receiver::imap;

class Subject : public search::SearchSubject {
 public:
  Subject(std::string_view message, std::uint32_t number)
      : message_(message), number_(number), summary_(mime::summarize(message, mime::index_message(message))) {}
  std::uint32_t sequence() const override { return number_; }
  std::uint32_t uid() const override { return number_; }
  std::uint8_t system_flags() const override { return parse::kSeen; }
  bool recent() const override { return false; }
  bool has_keyword(std::string_view) const override { return false; }
  base::UnixTime internal_date() const override { return number_; }
  std::int16_t zone_minutes() const override { return 0; }
  std::uint64_t octets() const override { return message_.size(); }
  std::uint64_t modseq() const override { return number_; }
  std::string email_id() const override { return "M" + std::to_string(number_); }
  base::UnixTime save_date() const override { return number_; }
  base::Result<const mime::Summary*> summary() override { return &summary_; }
  base::Result<std::string> read(mime::Range range) override {
    FUZZ_CHECK(range.offset + range.octets <= message_.size());
    return std::string(message_.substr(range.offset, range.octets));
  }

 private:
  std::string_view message_;
  std::uint32_t number_;
  mime::Summary summary_;
};

void check_matching(std::string_view keys, std::vector<Subject>& subjects) {
  const auto command = parse::parse_command("a SEARCH " + std::string(keys));
  if (!command.ok()) return;
  const auto& args = std::get<parse::SearchArgs>(command->args);
  const search::Context context{static_cast<std::uint32_t>(subjects.size()), 9, 100, parse::NumSet({{1, 1}})};
  const auto matcher = search::Matcher::compile(args.tree, args.charset, context);
  const auto negated = parse::parse_command("a SEARCH NOT (" + std::string(keys) + ")");
  for (auto& subject : subjects) {
    if (!matcher.ok()) return;
    const auto matched = matcher->matches(subject);
    FUZZ_CHECK(matched.ok());
    if (!negated.ok()) continue;
    const auto& opposite = std::get<parse::SearchArgs>(negated->args);
    const auto other = search::Matcher::compile(opposite.tree, opposite.charset, context);
    if (other.ok()) FUZZ_CHECK(*other->matches(subject) != *matched);
  }
}

void check_subject(const std::string& subject) {
  const auto base = search::base_subject(subject);
  FUZZ_CHECK(base.text.size() <= subject.size());
  FUZZ_CHECK(base.text.empty() || (base.text.front() != ' ' && base.text.back() != ' '));
  FUZZ_CHECK(search::base_subject(base.text).text == base.text);
  FUZZ_CHECK(mime::fold_case(mime::fold_case(base.text)) == mime::fold_case(base.text) || !base::is_ascii(base.text));
}

void check_order(const std::vector<mime::Summary>& summaries) {
  using parse::SortField;
  search::Sorter sorter({{SortField::Subject, true},
                         {SortField::DisplayFrom, false},
                         {SortField::Date, false},
                         {SortField::To, false},
                         {SortField::Cc, true}});
  search::Threader references(parse::ThreadAlgorithm::References);
  search::Threader subjects(parse::ThreadAlgorithm::OrderedSubject);
  std::uint32_t number = 0;
  for (const auto& summary : summaries) {
    ++number;
    FUZZ_CHECK(sorter.add({number, number, 1}, mime::encode(summary)).ok());
    references.add(number, number, summary);
    subjects.add(number, number, summary);
  }
  auto sorted = sorter.sorted();
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < sorted.size(); ++i) FUZZ_CHECK(sorted[i] == i + 1);
  for (auto* threader : {&references, &subjects}) {
    while (!threader->build(std::chrono::milliseconds(100))) {
    }
    std::string out;
    while (!threader->put(out, 100)) {
    }
    // Every message once, and every parenthesis closed.
    FUZZ_CHECK(std::count(out.begin(), out.end(), '(') == std::count(out.begin(), out.end(), ')'));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '(' || c == ')'; }, ' ');
    auto numbers = base::split_words(out);
    FUZZ_CHECK(numbers.size() == summaries.size());
    std::sort(numbers.begin(), numbers.end());
    FUZZ_CHECK(std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end());
  }
}

}  // namespace

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail;
  const std::string_view input = fuzz::as_text(octets, count);
  const std::size_t line = std::min(input.find('\n'), input.size());
  std::vector<fuzz::Subject> subjects;
  std::vector<mime::Summary> summaries;
  for (const std::string_view message : base::split(input.substr(std::min(line + 1, input.size())), '\x01')) {
    if (subjects.size() == 20) break;
    subjects.emplace_back(message, static_cast<std::uint32_t>(subjects.size() + 1));
    summaries.push_back(**subjects.back().summary());
    fuzz::check_subject(summaries.back().subject);
  }
  fuzz::check_matching(input.substr(0, line), subjects);
  fuzz::check_order(summaries);
  return 0;
}
