// The grammar of commands, mailbox names and patterns: never crashes, keeps its bounds, and an error is fit for one line.
#include <algorithm>

#include "common/base/text.hpp"
#include "receiver/imap/parse/append.hpp"
#include "receiver/imap/parse/command.hpp"
#include "receiver/imap/text/list_match.hpp"
#include "receiver/imap/text/mutf7.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {

std::vector<std::string> fuzz_seeds() {
  return {"a LOGIN {3}\r\nada \"pass\"",
          "a LIST (SUBSCRIBED) \"\" (INBOX %) RETURN (STATUS (MESSAGES))",
          "a UID FETCH 1:*,4 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (From)]<0.5>)",
          "a SEARCH RETURN (MIN) CHARSET UTF-8 OR (NOT SEEN) SUBJECT \"x\" SINCE 1-Jan-2020",
          "a STORE 1 +FLAGS.SILENT (\\Seen work)",
          "a CREATE Entw&APw-rfe (USE (\\Drafts))",
          "a APPEND \"x\" (\\Seen) \"17-Jul-1996 02:44:25 -0700\" ",
          "a SETQUOTA \"\" (STORAGE 512 MESSAGE 3)",
          "a GETMETADATA (MAXSIZE 10 DEPTH 1) \"\" (/shared/a /private/b)",
          "a SETMETADATA INBOX (/private/a NIL /shared/b \"x\")",
          "a ID (\"name\" NIL)"};
}
std::vector<std::string> fuzz_dictionary() {
  return {"UID ",    "SEARCH ", "FETCH ", "NOT ", "OR ", "(",     ")",
          "{3}\r\n", "&AOk-",   "\"",     "\\",   "1:*", "BODY[", "<0.1>"};
}

namespace {

using namespace receiver::imap;

void check_search(const parse::SearchTree& tree) {
  FUZZ_CHECK(!tree.nodes.empty() && tree.nodes.size() <= parse::kMaxSearchKeys + 1);
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    for (const std::uint32_t child : tree.nodes[i].children) FUZZ_CHECK(child > i && child < tree.nodes.size());
  }
}

void check_command(std::string_view text, bool utf8) {
  const auto command = parse::parse_command(text, utf8);
  if (!command.ok()) {
    FUZZ_CHECK(command.error().code == base::Errc::Invalid);
    FUZZ_CHECK(command.error().text.find_first_of("\r\n") == std::string::npos && command.error().text.size() < 300);
    return;
  }
  if (const auto* search = std::get_if<parse::SearchArgs>(&command->args)) check_search(search->tree);
  if (const auto* fetch = std::get_if<parse::FetchArgs>(&command->args)) {
    FUZZ_CHECK(!fetch->items.empty() && fetch->set.ranges().size() <= parse::kMaxRanges);
    for (const auto& item : fetch->items) FUZZ_CHECK(!item.response_name().empty());
  }
}

}  // namespace

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail;
  const std::string_view input = fuzz::as_text(octets, count);
  fuzz::check_command(input, false);
  fuzz::check_command(input, true);
  static_cast<void>(receiver::imap::parse::parse_append(input, false).ok());
  // A name has one spelling: what decodes is encoded to the same again, and the other way round.
  const auto name = receiver::imap::text::decode_mutf7(input);
  if (name.ok()) FUZZ_CHECK(base::is_utf8(*name) && receiver::imap::text::encode_mutf7(*name) == input);
  if (base::is_utf8(input)) {
    const auto again = receiver::imap::text::decode_mutf7(receiver::imap::text::encode_mutf7(input));
    FUZZ_CHECK(again.ok() && *again == input);
  }
  // Costs pattern times name, so both are cut.
  const std::string_view pattern = input.substr(0, std::min<std::size_t>(count / 2, 100));
  static_cast<void>(receiver::imap::text::list_matches(pattern, input.substr(count / 2).substr(0, 100)));
  return 0;
}
