#include <string>
#include <vector>

#include "receiver/imap/parse/command.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::imap::parse;

namespace {

std::string show(const SearchTree& tree, std::uint32_t index) {
  const SearchNode& node = tree.nodes[index];
  std::string out = node.negated ? "!" : "";
  const auto children = [&](std::string_view open) {
    out += open;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (node.children[i] <= index) return out + "<order>";
      out += (i > 0 ? " " : "") + show(tree, node.children[i]);
    }
    return out + ")";
  };
  switch (node.key) {
    case SearchKey::All: return out + "all";
    case SearchKey::And: return children("and(");
    case SearchKey::Or: return children("or(");
    case SearchKey::Not: return children("not(");
    case SearchKey::SequenceSet: return out + node.set.to_string();
    case SearchKey::Uid: return out + "uid=" + node.set.to_string();
    case SearchKey::UidAfter: return out + "uidafter=" + std::to_string(node.octets);
    case SearchKey::UidBefore: return out + "uidbefore=" + std::to_string(node.octets);
    case SearchKey::Answered: return out + "answered";
    case SearchKey::Deleted: return out + "deleted";
    case SearchKey::Draft: return out + "draft";
    case SearchKey::Flagged: return out + "flagged";
    case SearchKey::Seen: return out + "seen";
    case SearchKey::Recent: return out + "recent";
    case SearchKey::Keyword: return out + "keyword=" + node.text;
    case SearchKey::Before: return out + "before=" + std::to_string(node.day);
    case SearchKey::On: return out + "on=" + std::to_string(node.day);
    case SearchKey::Since: return out + "since=" + std::to_string(node.day);
    case SearchKey::Older: return out + "older=" + std::to_string(node.octets);
    case SearchKey::Younger: return out + "younger=" + std::to_string(node.octets);
    case SearchKey::SentBefore: return out + "sentbefore=" + std::to_string(node.day);
    case SearchKey::SentOn: return out + "senton=" + std::to_string(node.day);
    case SearchKey::SentSince: return out + "sentsince=" + std::to_string(node.day);
    case SearchKey::Larger: return out + "larger=" + std::to_string(node.octets);
    case SearchKey::ModSeq: return out + "modseq=" + std::to_string(node.octets);
    case SearchKey::EmailId: return out + "emailid=" + node.text;
    case SearchKey::ThreadId: return out + "threadid=" + node.text;
    case SearchKey::SavedBefore: return out + "savedbefore=" + std::to_string(node.day);
    case SearchKey::SavedOn: return out + "savedon=" + std::to_string(node.day);
    case SearchKey::SavedSince: return out + "savedsince=" + std::to_string(node.day);
    case SearchKey::Smaller: return out + "smaller=" + std::to_string(node.octets);
    case SearchKey::From: return out + "from=" + node.text;
    case SearchKey::To: return out + "to=" + node.text;
    case SearchKey::Cc: return out + "cc=" + node.text;
    case SearchKey::Bcc: return out + "bcc=" + node.text;
    case SearchKey::Subject: return out + "subject=" + node.text;
    case SearchKey::Header: return out + "header " + node.field + "=" + node.text;
    case SearchKey::Body: return out + "body=" + node.text;
    case SearchKey::Text: return out + "text=" + node.text;
  }
  return out;
}

SearchArgs search(const std::string& arguments) {
  auto command = parse_command("a SEARCH " + arguments);
  INFO(arguments);
  INFO((command.ok() ? std::string() : command.error().text));
  REQUIRE(command.ok());
  return std::get<SearchArgs>(std::move(command->args));
}

// The keys at the top, without the And around them.
std::string keys(const std::string& arguments) {
  const std::string shown = show(search(arguments).tree, 0);
  return shown.substr(4, shown.size() - 5);
}

std::string error_of(const std::string& arguments) {
  const auto command = parse_command("a SEARCH " + arguments);
  return command.ok() ? "parsed" : command.error().text;
}

}  // namespace

TEST_CASE("every search key, RFC 9051 6.4.4 and RFC 3501 6.4.4", "[parse][search]") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"ALL", "all"},
      {"answered", "answered"},
      {"DELETED", "deleted"},
      {"DRAFT", "draft"},
      {"FLAGGED", "flagged"},
      {"SEEN", "seen"},
      {"RECENT", "recent"},
      {"NEW", "and(recent !seen)"},
      {"OLD", "!recent"},
      {"UNANSWERED", "!answered"},
      {"UNDELETED", "!deleted"},
      {"UNDRAFT", "!draft"},
      {"UNFLAGGED", "!flagged"},
      {"UNSEEN", "!seen"},
      {"KEYWORD $Forwarded", "keyword=$Forwarded"},
      {"UNKEYWORD work", "!keyword=work"},
      {"BEFORE 1-Jan-1970", "before=0"},
      {"ON \"2-Jan-1970\"", "on=1"},
      {"SINCE 01-Feb-1994", "since=8797"},
      {"SENTBEFORE 31-Dec-1969", "sentbefore=-1"},
      {"SENTON 29-Feb-2024", "senton=19782"},
      {"SENTSINCE 1-jan-1970", "sentsince=0"},
      {"LARGER 0", "larger=0"},
      {"SMALLER 18446744073709551615", "smaller=18446744073709551615"},
      {"FROM ada", "from=ada"},
      {"TO \"a b\"", "to=a b"},
      {"CC {3}\r\nx y", "cc=x y"},
      {"BCC \"\"", "bcc="},
      {"SUBJECT \"gr\xc3\xbc\xc3\x9f\"", "subject=gr\xc3\xbc\xc3\x9f"},
      {"BODY x", "body=x"},
      {"TEXT x", "text=x"},
      {"HEADER X-Spam \"\"", "header X-Spam="},
      {"OLDER 60", "older=60"},
      {"UIDAFTER 4294967295", "uidafter=4294967295"},
      {"UIDBEFORE 1", "uidbefore=1"},
      {"younger 259200", "younger=259200"},
      {"UID 1:*", "uid=1:*"},
      {"UID $", "uid=$"},
      {"$", "$"},
      {"2,4:7", "2,4:7"},
      {"*", "*"},
  };
  for (const auto& [arguments, expected] : rows) {
    INFO(arguments);
    CHECK(keys(arguments) == expected);
  }
}

TEST_CASE("keys combine", "[parse][search]") {
  CHECK(keys("SEEN FLAGGED 1:3") == "seen flagged 1:3");
  CHECK(keys("NOT SEEN") == "not(seen)");
  CHECK(keys("NOT NOT SEEN UNSEEN") == "not(not(seen)) !seen");
  CHECK(keys("OR SEEN FLAGGED DRAFT") == "or(seen flagged) draft");
  CHECK(keys("OR OR SEEN DRAFT NOT DELETED ALL") == "or(or(seen draft) not(deleted)) all");
  CHECK(keys("(SEEN FLAGGED)") == "and(seen flagged)");
  CHECK(keys("OR (SEEN FLAGGED) (NOT (DRAFT))") == "or(and(seen flagged) and(not(and(draft))))");
  CHECK(keys("((((SEEN)))) ALL") == "and(and(and(and(seen)))) all");
  CHECK(keys("NOT NEW OLD") == "not(and(recent !seen)) !recent");
  CHECK(keys("OR NEW OLD") == "or(and(recent !seen) !recent)");
  CHECK(keys("SEEN  FLAGGED ") == "seen flagged");
}

TEST_CASE("RETURN and CHARSET", "[parse][search]") {
  const auto plain = search("ALL");
  CHECK_FALSE(plain.esearch);
  CHECK(plain.charset.empty());
  const auto all = search("RETURN () ALL");
  CHECK(all.esearch);
  CHECK(all.all);
  CHECK_FALSE(all.min);
  const auto some = search("RETURN (MIN MAX COUNT) CHARSET UTF-8 ALL");
  CHECK(some.min);
  CHECK(some.max);
  CHECK(some.count);
  CHECK_FALSE(some.all);
  CHECK(some.charset == "UTF-8");
  CHECK(search("RETURN (COUNT ALL) ALL").all);
  CHECK(search("CHARSET \"iso-8859-1\" TEXT {1}\r\n\xe9").tree.nodes[1].text == "\xe9");
  const auto saved = search("RETURN (SAVE) ALL");
  CHECK(saved.save);
  CHECK_FALSE(saved.wants_answer());
  CHECK(error_of("RETURN (FROB) ALL").find("MIN, MAX, ALL, COUNT, SAVE or one PARTIAL") != std::string::npos);
  CHECK(error_of("RETURN MIN ALL").find("list of RETURN options") != std::string::npos);
  const auto uid = parse_command("a UID SEARCH 1");
  REQUIRE(uid.ok());
  CHECK(std::get<SearchArgs>(uid->args).uid);
}

TEST_CASE("malformed searches", "[parse][search]") {
  for (const char* wrong : {"",
                            "FROB",
                            "SEEN,",
                            "NOT",
                            "OR SEEN",
                            "OR SEEN ",
                            "(",
                            "()",
                            "(SEEN",
                            "SEEN)",
                            "(SEEN))",
                            "NOT (SEEN",
                            "$,1",
                            "OLDER 0",
                            "YOUNGER -1",
                            "RETURN (PARTIAL 0:1) ALL",
                            "RETURN (PARTIAL -1:5) ALL",
                            "RETURN (PARTIAL 1) ALL",
                            "BEFORE",
                            "BEFORE 1-Jan-70",
                            "ON 30-Feb-2020",
                            "ON \"1-Jan-2020",
                            "LARGER x",
                            "LARGER -1",
                            "HEADER X",
                            "FROM",
                            "KEYWORD \"x\"",
                            "KEYWORD \\Seen",
                            "UID",
                            "UID x",
                            "0",
                            "CHARSET",
                            "CHARSET UTF-8",
                            "SEENX",
                            "MODSEQ x",
                            "SMALLER 18446744073709551616"}) {
    INFO(wrong);
    CHECK_FALSE(parse_command(std::string("a SEARCH ") + wrong).ok());
  }
  CHECK(error_of("SEEN FROB").find("a search key that is supported at octet 15, before \"FROB\"") != std::string::npos);
}

TEST_CASE("nesting and number of keys are bounded", "[parse][search][limits]") {
  CHECK(kMaxSearchDepth == 50);
  CHECK(kMaxSearchKeys == 1000);
  const auto nested = [](std::size_t levels) { return std::string(levels, '(') + "ALL" + std::string(levels, ')'); };
  CHECK(parse_command("a SEARCH " + nested(49)).ok());
  CHECK(error_of(nested(50)).find("at most 50 levels") != std::string::npos);
  std::string nots;
  for (int i = 0; i < 100'000; ++i) nots += "NOT ";
  CHECK(error_of(nots + "ALL").find("at most 50 levels") != std::string::npos);
  std::string ors;
  for (int i = 0; i < 100'000; ++i) ors += "OR ALL ";
  CHECK(error_of(ors + "ALL").find("at most 50 levels") != std::string::npos);
  std::string wide = "ALL";
  for (std::size_t i = 1; i < kMaxSearchKeys; ++i) wide += " ALL";
  CHECK(parse_command("a SEARCH " + wide).ok());
  CHECK(error_of(wide + " ALL").find("at most 1000 search keys") != std::string::npos);
}

TEST_CASE("PARTIAL, RFC 9394 3.1", "[parse][search]") {
  const auto args = search("RETURN (PARTIAL 500:400 COUNT) ALL");
  REQUIRE(args.partial.has_value());
  CHECK(args.partial->first == 400);
  CHECK(args.partial->last == 500);
  CHECK(args.partial->text == "500:400");
  CHECK_FALSE(args.all);
  const auto from_end = search("RETURN (PARTIAL -1:-100) ALL");
  CHECK(from_end.partial->from_end);
  CHECK(from_end.partial->text == "-1:-100");
  CHECK(error_of("RETURN (PARTIAL 1:2 ALL) ALL").find("PARTIAL or ALL") != std::string::npos);
  CHECK(error_of("RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL").find("one PARTIAL") != std::string::npos);
  const auto shown = [](const char* range, std::size_t size) {
    Cursor in(range);
    const auto found = positions(*parse_partial_range(in), size);
    return std::to_string(found.first) + "-" + std::to_string(found.last);
  };
  CHECK(shown("1:3", 10) == "0-3");
  CHECK(shown("3:1", 2) == "0-2");
  CHECK(shown("11:20", 10) == "0-0");
  CHECK(shown("-1:-3", 10) == "7-10");
  CHECK(shown("-3:-20", 10) == "0-8");
  CHECK(shown("-11:-12", 10) == "0-0");
  CHECK(shown("1:4294967295", 0) == "0-0");
}

TEST_CASE("SORT, THREAD and ESEARCH, RFC 5256 5 and RFC 7377 4", "[parse][search]") {
  const auto sort = parse_command("a UID SORT RETURN (COUNT) (REVERSE DATE subject DISPLAYFROM) UTF-8 SEEN TO x");
  REQUIRE(sort.ok());
  const auto& args = std::get<SortArgs>(sort->args);
  CHECK(args.uid);
  CHECK(args.count);
  CHECK(args.charset == "UTF-8");
  REQUIRE(args.keys.size() == 3);
  CHECK(args.keys[0].field == SortField::Date);
  CHECK(args.keys[0].reverse);
  CHECK(args.keys[2].field == SortField::DisplayFrom);
  CHECK_FALSE(args.keys[2].reverse);
  CHECK(args.tree.nodes.size() == 3);
  const auto thread = parse_command("a THREAD REFERENCES US-ASCII ALL");
  REQUIRE(thread.ok());
  CHECK(std::get<ThreadArgs>(thread->args).algorithm == ThreadAlgorithm::References);
  const auto multi = parse_command(
      "a ESEARCH IN (selected mailboxes \"x\" subtree (y z/w) subtree-one q personal inboxes subscribed) RETURN (MIN) "
      "UNSEEN");
  REQUIRE(multi.ok());
  const auto& sources = std::get<MultiSearchArgs>(multi->args).sources;
  REQUIRE(sources.size() == 7);
  CHECK(sources[1].kind == SourceKind::Mailboxes);
  CHECK(sources[2].names == std::vector<std::string>{"y", "z/w"});
  CHECK(sources[3].kind == SourceKind::SubtreeOne);
  const auto plain = parse_command("a ESEARCH UNSEEN");
  REQUIRE(plain.ok());
  CHECK(std::get<MultiSearchArgs>(plain->args).sources.size() == 1);
  CHECK(std::get<MultiSearchArgs>(plain->args).all);
  for (const char* wrong :
       {"SORT () UTF-8 ALL", "SORT (DATE) ALL", "SORT (REVERSE) UTF-8 ALL", "SORT (FROB) UTF-8 ALL",
        "SORT DATE UTF-8 ALL", "THREAD FROB UTF-8 ALL", "THREAD REFERENCES ALL", "UID ESEARCH ALL", "ESEARCH IN () ALL",
        "ESEARCH IN (x) ALL", "ESEARCH IN (subtree) ALL", "ESEARCH IN (selected (x)) ALL"}) {
    INFO(wrong);
    CHECK_FALSE(parse_command(std::string("a ") + wrong).ok());
  }
  std::string keys = "DATE";
  for (std::size_t i = 1; i < kMaxSortKeys; ++i) keys += " DATE";
  CHECK(parse_command("a SORT (" + keys + ") UTF-8 ALL").ok());
  CHECK_FALSE(parse_command("a SORT (" + keys + " DATE) UTF-8 ALL").ok());
  std::string names = "x";
  for (std::size_t i = 1; i < kMaxSourceNames; ++i) names += " x";
  CHECK(parse_command("a ESEARCH IN (mailboxes (" + names + ")) ALL").ok());
  CHECK_FALSE(parse_command("a ESEARCH IN (mailboxes (" + names + " x)) ALL").ok());
}

TEST_CASE("UID FETCH with PARTIAL, RFC 9394 3.4", "[parse][search]") {
  const auto fetch = parse_command("a UID FETCH 1:* (FLAGS) (PARTIAL -1:-30)");
  REQUIRE(fetch.ok());
  CHECK(std::get<FetchArgs>(fetch->args).page->last == 30);
  CHECK_FALSE(parse_command("a FETCH 1:* (FLAGS) (PARTIAL -1:-30)").ok());
  CHECK_FALSE(parse_command("a UID FETCH 1:* (FLAGS) (PARTIAL 1:2 PARTIAL 1:2)").ok());
  CHECK_FALSE(parse_command("a UID FETCH 1:* (FLAGS) ()").ok());
}
