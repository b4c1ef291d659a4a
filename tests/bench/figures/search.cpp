// SEARCH over 10,000 messages; what is found is compared with what the letters were made of.
#include <algorithm>

#include "common/base/text.hpp"
#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

struct Question {
  std::string name, work, keys;
  std::function<bool(const Mail&, std::size_t)> wanted;  // the letter and its place from 0
};

std::vector<std::uint32_t> expected(const Question& question, const std::vector<Mail>& mails) {
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < mails.size(); ++i) {
    if (question.wanted(mails[i], i)) numbers.push_back(static_cast<std::uint32_t>(i + 1));
  }
  return numbers;
}

Status ask(ImapClient& client, const Question& question, const std::vector<std::uint32_t>& wanted) {
  std::vector<std::uint32_t> found;
  const auto each = [&](const Response& response) {
    if (response.verb() != "SEARCH") return base::ok();
    const auto words = base::split_words(response.text);
    for (std::size_t i = 2; i < words.size(); ++i) found.push_back(base::parse_u32(words[i]).value_or(0));
    return base::ok();
  };
  TRY(client.run("SEARCH " + question.keys, each));
  std::sort(found.begin(), found.end());
  if (found == wanted) return base::ok();
  return changed("SEARCH " + question.keys + " found " + std::to_string(found.size()) + " messages instead of " +
                 std::to_string(wanted.size()));
}

// Every second message is \Seen.
Status fill(Server& server, const std::vector<Mail>& mails) {
  TRY(fill_box(server, 0, kBox, mails));
  TRY_ASSIGN(auto client, enter_box(server, mails.size()));
  for (std::size_t at = 0; at < mails.size(); at += 1'000) {
    std::string set;
    for (std::size_t i = at; i < std::min(at + 1'000, mails.size()); i += 2)
      set += (set.empty() ? "" : ",") + std::to_string(i + 1);
    TRY(client.run("STORE " + set + " +FLAGS.SILENT (\\Seen)"));
  }
  return client.logout();
}

Result<Measure> search(Server& server, const Options& options, const Question& question, bool first) {
  const auto& mails = mixed(options);
  const auto wanted = expected(question, mails);
  if (wanted.empty()) return changed("no letter answers SEARCH " + question.keys);
  if (first) TRY(fresh_box(server, mails));
  TRY_ASSIGN(auto client, enter_box(server, mails.size()));
  const auto work = [&] { return ask(client, question, wanted); };
  if (!first) TRY(work());
  return timed(server, static_cast<double>(mails.size()), first ? 1 : 10, work);
}

Figure figure_of(const Question& question, bool first, double ratio) {
  Figure figure;
  figure.name = question.name;
  figure.work = question.work;
  figure.unit = "msg/s";
  figure.peer = "dovecot";
  figure.target.ratio = ratio;
  if (!first) figure.prepare = [](Server& server, const Options& options) { return fill(server, mixed(options)); };
  figure.measure = [question, first](Server& server, const Options& options) {
    return search(server, options, question, first);
  };
  return figure;
}

bool has_subject_word(const Mail& mail, std::size_t) { return mail.subject.find(kSubjectWord) != std::string::npos; }

}  // namespace

std::vector<Figure> search_figures() {
  const auto subject = "SUBJECT " + std::string(kSubjectWord);
  // The letters are 5,000 s apart from 14 Nov 2023 on; 13 Dec 2023 is the day of letter 505.
  const std::int64_t since = 1'702'425'600;
  const auto arrived_since = [since](const Mail& mail, std::size_t) { return mail.arrived >= since; };
  const auto unseen = [](const Mail&, std::size_t i) { return i % 2 == 1; };
  const auto has_needle = [](const Mail& mail, std::size_t) { return mail.has_needle; };
  return {
      figure_of({"search-subject-first", "SEARCH SUBJECT, 10,000 messages, first", subject, has_subject_word}, true, 5),
      figure_of({"search-subject-repeated", "SEARCH SUBJECT, repeated", subject, has_subject_word}, false, 0),
      figure_of({"search-since", "SEARCH SINCE", "SINCE " + date_only(since), arrived_since}, false, 2),
      figure_of({"search-unseen", "SEARCH UNSEEN, every second one", "UNSEEN", unseen}, false, 1),
      figure_of({"search-text", "SEARCH TEXT, 147 MB", "TEXT " + std::string(kNeedle), has_needle}, false, 10),
  };
}

}  // namespace hearthmail::bench
