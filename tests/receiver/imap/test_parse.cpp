#include <string>
#include <vector>

#include "receiver/imap/parse/append.hpp"
#include "receiver/imap/parse/command.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::imap::parse;

namespace {

// The arguments of a command that must parse, as `T`.
template <class T>
T args_of(std::string_view text, bool utf8 = false) {
  INFO(text);
  auto command = parse_command(text, utf8);
  INFO((command.ok() ? std::string() : command.error().text));
  REQUIRE(command.ok());
  REQUIRE(std::holds_alternative<T>(command->args));
  return std::get<T>(command->args);
}

// The error text of a command that must not parse.
std::string error_of(std::string_view text, bool utf8 = false) {
  const auto command = parse_command(text, utf8);
  if (command.ok()) return "parsed";
  if (command.error().code != base::Errc::Invalid) return "another code";
  return command.error().text;
}

}  // namespace

TEST_CASE("commands without arguments", "[parse]") {
  for (const char* verb :
       {"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "NAMESPACE", "IDLE", "CHECK", "CLOSE", "UNSELECT"}) {
    INFO(verb);
    const auto command = parse_command(std::string("a1 ") + verb);
    REQUIRE(command.ok());
    CHECK(command->tag == "a1");
    CHECK(name(command->verb) == verb);
    CHECK_FALSE(parse_command(std::string("a1 ") + verb + " x").ok());
  }
  CHECK(parse_command("x nOoP  ").ok());
  CHECK(parse_command("A.1-]~ NOOP").ok());
}

TEST_CASE("what is no command says where", "[parse]") {
  CHECK(error_of("") == "Expected a tag at octet 1, at the end");
  CHECK(error_of("a") == "Expected a space at octet 2, at the end");
  CHECK(error_of("a ") == "Expected a command that is known at octet 3, at the end");
  CHECK(error_of("a FROB x") == "Expected a command that is known at octet 3, before \"FROB x\"");
  CHECK(error_of("a NOOPS") == "Expected a command that is known at octet 3, before \"NOOPS\"");
  CHECK(error_of("+ NOOP") == "Expected a tag at octet 1, before \"+ NOOP\"");
  CHECK(error_of("a UID NOOP") ==
        "Expected COPY, EXPUNGE, FETCH, MOVE, REPLACE, SEARCH, SORT, STORE or THREAD after UID at octet 7, before "
        "\"NOOP\"");
  CHECK(error_of("a NOOP x") == "Expected the end of the command at octet 8, before \"x\"");
  CHECK(error_of("a NOOP\r") == "Expected the end of the command at octet 7, before \"\\x0d\"");
  CHECK(error_of("a APPEND INBOX").substr(0, 31) == "Expected a message as a literal");
}

TEST_CASE("the tag of a broken command", "[parse]") {
  CHECK(tag_of("a1 FROB") == "a1");
  CHECK(tag_of("a1") == "a1");
  CHECK(tag_of("") == "*");
  CHECK(tag_of("+ x") == "*");
  CHECK(tag_of("a\"b x") == "*");
  CHECK(tag_of(std::string(5000, 'a')) == "*");
}

TEST_CASE("LOGIN takes every form of string and hides the password", "[parse]") {
  const auto plain = args_of<LoginArgs>("a LOGIN ada secret");
  CHECK(plain.user == "ada");
  CHECK(plain.password.reveal() == "secret");
  const auto quoted = args_of<LoginArgs>("a login \"ada@example.test\" \"a \\\"b\\\\ c\"");
  CHECK(quoted.user == "ada@example.test");
  CHECK(quoted.password.reveal() == "a \"b\\ c");
  const auto literal = args_of<LoginArgs>("a LOGIN {3}\r\nada {6+}\r\na b\r\nc");
  CHECK(literal.user == "ada");
  CHECK(literal.password.reveal() == "a b\r\nc");
  CHECK(args_of<LoginArgs>("a LOGIN ada \"gr\xc3\xbc\xc3\x9f\"").password.reveal() == "gr\xc3\xbc\xc3\x9f");
  CHECK(args_of<LoginArgs>("a LOGIN ada \"\"").password.empty());

  CHECK(error_of("a LOGIN ada").find("Expected a space") == 0);
  const std::string leaked = error_of("a LOGIN ada sec(ret");
  CHECK(leaked == "Expected the end of the command at octet 16");
  CHECK(error_of("a LOGIN ada \"secret") == "Expected the closing quote of the string at octet 20, at the end");
  CHECK(error_of("a LOGIN ada \"se\\cret\"") == "Expected \\\" or \\\\ in the quoted string at octet 17");
  CHECK(error_of("a LOGIN ada \"\xff\"").find("UTF-8") != std::string::npos);
  CHECK(error_of(std::string("a LOGIN ada {3}\r\na\0b", 20)).find("NUL") != std::string::npos);
  CHECK(error_of("a LOGIN ada {5}\r\nab").find("literal's octets") != std::string::npos);
  CHECK(error_of("a LOGIN ada {5").find("literal's size") != std::string::npos);
  CHECK(error_of("a LOGIN ada {99999999999999999999}\r\n").find("2^64") != std::string::npos);
}

TEST_CASE("AUTHENTICATE with an initial response, RFC 4959", "[parse]") {
  const auto bare = args_of<AuthenticateArgs>("a AUTHENTICATE plain");
  CHECK(bare.mechanism == "PLAIN");
  CHECK_FALSE(bare.initial.has_value());
  CHECK(args_of<AuthenticateArgs>("a AUTHENTICATE PLAIN AGFkYQBwdw==").initial->reveal() == "AGFkYQBwdw==");
  CHECK(args_of<AuthenticateArgs>("a AUTHENTICATE PLAIN =").initial->reveal() == "=");
  CHECK(error_of("a AUTHENTICATE PLAIN (x").find("base64") != std::string::npos);
  CHECK(error_of("a AUTHENTICATE").find("a space") != std::string::npos);
}

TEST_CASE("ID and ENABLE", "[parse]") {
  CHECK(args_of<IdArgs>("a ID NIL").pairs.empty());
  CHECK(args_of<IdArgs>("a ID ()").pairs.empty());
  const auto id = args_of<IdArgs>("a ID (\"name\" \"mutt\" \"version\" NIL)");
  REQUIRE(id.pairs.size() == 2);
  CHECK(id.pairs[0] == std::pair<std::string, std::string>("name", "mutt"));
  CHECK(id.pairs[1].second.empty());
  CHECK(error_of("a ID (\"name\")").find("a space") != std::string::npos);
  CHECK(error_of("a ID (\"" + std::string(31, 'n') + "\" NIL)").find("30 octets") != std::string::npos);
  std::string many = "a ID (\"f\" NIL";
  for (int i = 1; i < 31; ++i) many += " \"f\" NIL";
  CHECK(error_of(many + ")").find("at most 30") != std::string::npos);

  CHECK(args_of<EnableArgs>("a ENABLE CONDSTORE imap4rev2").capabilities ==
        std::vector<std::string>{"CONDSTORE", "IMAP4REV2"});
  CHECK(error_of("a ENABLE").find("a space") != std::string::npos);
  CHECK(error_of("a ENABLE ").find("an atom") != std::string::npos);
}

TEST_CASE("mailbox names", "[parse]") {
  const auto mailbox = [](std::string_view text, bool utf8 = false) {
    return args_of<MailboxArgs>(text, utf8).mailbox;
  };
  CHECK(mailbox("a SUBSCRIBE inbox") == "INBOX");
  CHECK(mailbox("a DELETE \"InBox\"") == "INBOX");
  CHECK(mailbox("a SUBSCRIBE inbox/x") == "INBOX/x");
  CHECK(mailbox("a SUBSCRIBE inboxes") == "inboxes");
  CHECK(mailbox("a DELETE {4}\r\na\"b ") == "a\"b ");
  CHECK(mailbox("a SUBSCRIBE a]b") == "a]b");
  CHECK(mailbox("a UNSUBSCRIBE Entw&APw-rfe") == "Entw\xc3\xbcrfe");
  CHECK(mailbox("a SUBSCRIBE Entw&APw-rfe", true) == "Entw&APw-rfe");
  CHECK(mailbox("a SUBSCRIBE \"Entw\xc3\xbcrfe\"", true) == "Entw\xc3\xbcrfe");
  CHECK(error_of("a SELECT \"Entw\xc3\xbcrfe\"").find("modified UTF-7") != std::string::npos);
  CHECK(error_of("a SELECT a&b").find("modified UTF-7") != std::string::npos);
  CHECK(error_of("a SELECT {2}\r\n\xff\xff", true).find("UTF-8") != std::string::npos);
  CHECK(error_of("a SELECT a*").find("the end of the command") != std::string::npos);
  CHECK(args_of<SelectArgs>("a SELECT INBOX (CONDSTORE)").condstore);
  CHECK(error_of("a SELECT").find("a space") != std::string::npos);
}

TEST_CASE("CREATE and RENAME, RFC 6154 3", "[parse]") {
  CHECK(args_of<CreateArgs>("a CREATE Work").uses.empty());
  const auto parent = args_of<CreateArgs>("a CREATE Work/");
  CHECK(parent.mailbox == "Work");
  CHECK(parent.only_parent);
  CHECK(args_of<CreateArgs>("a CREATE /").mailbox == "/");
  CHECK(args_of<CreateArgs>("a CREATE x (USE (\\Drafts \\Sent))").uses ==
        std::vector<std::string>{"\\Drafts", "\\Sent"});
  CHECK(args_of<CreateArgs>("a CREATE x (USE ())").uses.empty());
  CHECK(error_of("a CREATE x (FOO (\\Drafts))").find("Expected USE") == 0);
  CHECK(error_of("a CREATE x (USE (\\Drafts)").find("\")\"") != std::string::npos);
  const auto rename = args_of<RenameArgs>("a RENAME inbox \"Old mail\"");
  CHECK(rename.from == "INBOX");
  CHECK(rename.to == "Old mail");
  CHECK(error_of("a RENAME x").find("a space") != std::string::npos);
}

TEST_CASE("LIST, its options and patterns, RFC 9051 6.3.9", "[parse]") {
  const auto plain = args_of<ListArgs>("a LIST \"\" %");
  CHECK_FALSE(plain.extended);
  CHECK(plain.reference.empty());
  CHECK(plain.patterns == std::vector<std::string>{"%"});
  CHECK(args_of<ListArgs>("a LIST \"\" \"\"").patterns == std::vector<std::string>{""});
  CHECK(args_of<ListArgs>("a LIST Work/ *]x").patterns == std::vector<std::string>{"*]x"});
  CHECK(args_of<ListArgs>("a LIST \"\" Entw&APw-*").patterns == std::vector<std::string>{"Entw\xc3\xbc*"});

  const auto all = args_of<ListArgs>(
      "a LIST (SUBSCRIBED REMOTE RECURSIVEMATCH SPECIAL-USE) \"\" (INBOX \"a b\" c/%) RETURN (SUBSCRIBED CHILDREN "
      "SPECIAL-USE STATUS (MESSAGES UNSEEN))");
  CHECK(all.extended);
  CHECK(all.select_subscribed);
  CHECK(all.select_remote);
  CHECK(all.select_recursive_match);
  CHECK(all.select_special_use);
  CHECK(all.patterns == std::vector<std::string>{"INBOX", "a b", "c/%"});
  CHECK(all.return_subscribed);
  CHECK(all.return_children);
  CHECK(all.return_special_use);
  CHECK(all.return_status == std::vector<StatusItem>{StatusItem::Messages, StatusItem::Unseen});

  CHECK(args_of<ListArgs>("a LIST () \"\" *").extended);
  CHECK(args_of<ListArgs>("a LIST \"\" * RETURN ()").extended);
  CHECK(error_of("a LIST (RECURSIVEMATCH) \"\" *").find("beside RECURSIVEMATCH") != std::string::npos);
  CHECK(error_of("a LIST (RECURSIVEMATCH REMOTE) \"\" *").find("beside RECURSIVEMATCH") != std::string::npos);
  CHECK(error_of("a LIST (FOO) \"\" *").find("selection option") != std::string::npos);
  CHECK(error_of("a LIST \"\" * RETURN (FOO)").find("return option") != std::string::npos);
  CHECK(error_of("a LIST \"\"").find("a space") != std::string::npos);
  std::string many = "a LIST \"\" (x";
  for (int i = 0; i < 100; ++i) many += " x";
  CHECK(error_of(many + ")").find("at most 100") != std::string::npos);

  const auto lsub = args_of<LsubArgs>("a LSUB \"\" *");
  CHECK(lsub.pattern == "*");
}

TEST_CASE("STATUS", "[parse]") {
  const auto status =
      args_of<StatusArgs>("a STATUS inbox (messages RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE SIZE)");
  CHECK(status.mailbox == "INBOX");
  CHECK(status.items.size() == 7);
  CHECK(name(status.items[2]) == "UIDNEXT");
  CHECK(error_of("a STATUS x ()").find("STATUS item") != std::string::npos);
  CHECK(error_of("a STATUS x (FROB)").find("STATUS item") != std::string::npos);
  CHECK(error_of("a STATUS x MESSAGES").find("list of STATUS items") != std::string::npos);
}

TEST_CASE("sequence sets, RFC 9051 9", "[parse]") {
  const auto set = [](const std::string& text) { return args_of<CopyArgs>("a COPY " + text + " x").set.to_string(); };
  CHECK(set("1") == "1");
  CHECK(set("*") == "*");
  CHECK(set("1:*") == "1:*");
  CHECK(set("*:4,7,9:3") == "*:4,7,9:3");
  CHECK(set("4294967295") == "4294967295");
  CHECK(set("$") == "$");  // RFC 5182
  for (const char* wrong : {"0", "1:", ":1", "1,", ",1", "1::2", "4294967296", "a", "$,1", "1,$", "1-2", "-1"}) {
    INFO(wrong);
    CHECK_FALSE(parse_command(std::string("a COPY ") + wrong + " x").ok());
  }
  std::string most = "1";
  for (std::size_t i = 1; i < kMaxRanges; ++i) most += ",1";
  CHECK(parse_command("a COPY " + most + " x").ok());
  CHECK(error_of("a COPY " + most + ",1 x").find("at most 10000 ranges") != std::string::npos);
}

TEST_CASE("sets resolve to sorted ranges", "[parse]") {
  const auto resolve = [](std::vector<NumRange> ranges, std::uint32_t largest) {
    return NumSet(std::move(ranges)).resolved(largest).to_string();
  };
  CHECK(resolve({{1, 0}}, 5) == "1:5");
  CHECK(resolve({{9, 0}}, 5) == "5:9");  // "9:*" holds the largest even when it is smaller
  CHECK(resolve({{0, 0}}, 5) == "5");
  CHECK(resolve({{0, 0}, {1, 0}}, 0).empty());
  CHECK(resolve({{7, 7}, {1, 3}, {4, 5}, {2, 2}, {9, 8}}, 20) == "1:5,7:9");
  CHECK(resolve({{1, 4294967295}, {5, 5}}, 3) == "1:4294967295");
  const NumSet set = NumSet({{10, 20}, {1, 3}, {30, 30}}).resolved(100);
  for (const std::uint32_t in : {1U, 3U, 10U, 15U, 20U, 30U}) CHECK(set.contains(in));
  for (const std::uint32_t out : {0U, 4U, 9U, 21U, 29U, 31U}) CHECK_FALSE(set.contains(out));
  CHECK(set.count() == 15);
  CHECK_FALSE(NumSet().contains(1));
  NumSet built;
  for (const std::uint32_t number : {1U, 2U, 3U, 7U, 9U, 10U}) built.add_ascending(number);
  CHECK(built.to_string() == "1:3,7,9:10");
}

TEST_CASE("COPY, MOVE, EXPUNGE and their UID forms", "[parse]") {
  CHECK_FALSE(args_of<CopyArgs>("a COPY 1 x").uid);
  CHECK(args_of<CopyArgs>("a UID MOVE 1:3 inbox").uid);
  CHECK(args_of<CopyArgs>("a uid move 1:3 inbox").mailbox == "INBOX");
  CHECK_FALSE(args_of<ExpungeArgs>("a EXPUNGE").uids.has_value());
  CHECK(args_of<ExpungeArgs>("a UID EXPUNGE 5:*").uids->to_string() == "5:*");
  CHECK(error_of("a UID EXPUNGE").find("a space") != std::string::npos);
  CHECK(error_of("a EXPUNGE 1").find("the end") != std::string::npos);
  CHECK(error_of("a COPY 1").find("a space") != std::string::npos);
}

TEST_CASE("STORE", "[parse]") {
  const auto add = args_of<StoreArgs>("a STORE 1:2 +FLAGS.SILENT (\\Seen \\deleted work Work $Junk)");
  CHECK(add.mode == StoreMode::Add);
  CHECK(add.silent);
  CHECK(add.flags.system == (kSeen | kDeleted));
  CHECK(add.flags.keywords == std::vector<std::string>{"work", "$Junk"});
  const auto bare = args_of<StoreArgs>("a UID STORE 7 -flags \\Answered \\Flagged x");
  CHECK(bare.uid);
  CHECK(bare.mode == StoreMode::Remove);
  CHECK_FALSE(bare.silent);
  CHECK(bare.flags.system == (kAnswered | kFlagged));
  const auto none = args_of<StoreArgs>("a STORE * FLAGS ()");
  CHECK(none.mode == StoreMode::Replace);
  CHECK(none.flags.system == 0);
  CHECK(args_of<StoreArgs>("a STORE 1 FLAGS \\Draft").flags.system == kDraft);
  for (const char* wrong :
       {"1 FLAGS", "1 FLAGS (\\Recent)", "1 FLAGS (\\Frob)", "1 FLAGS (\\Seen", "1 FLAG (\\Seen)", "1 +-FLAGS (\\Seen)",
        "1 (UNCHANGEDSINCE -5) FLAGS (\\Seen)", "1 FLAGS (a\"b)", "1 FLAGS (\\)"}) {
    INFO(wrong);
    CHECK_FALSE(parse_command(std::string("a STORE ") + wrong).ok());
  }
  std::string many = "a STORE 1 FLAGS (k0";
  for (int i = 1; i <= 1000; ++i) many += " k" + std::to_string(i);
  CHECK(error_of(many + ")").find("at most 1000 flags") != std::string::npos);
}

TEST_CASE("FETCH items", "[parse]") {
  const auto names = [](const std::string& items) {
    std::string out;
    for (const FetchItem& item : args_of<FetchArgs>("a FETCH 1 " + items).items) {
      if (!out.empty()) out += '|';
      out += item.response_name();
      if (item.sets_seen()) out += '!';
    }
    return out;
  };
  CHECK(names("ALL") == "FLAGS|INTERNALDATE|RFC822.SIZE|ENVELOPE");
  CHECK(names("fast") == "FLAGS|INTERNALDATE|RFC822.SIZE");
  CHECK(names("FULL") == "FLAGS|INTERNALDATE|RFC822.SIZE|ENVELOPE|BODY");
  CHECK(names("(UID flags UID ENVELOPE BODY BODYSTRUCTURE)") == "UID|FLAGS|ENVELOPE|BODY|BODYSTRUCTURE");
  CHECK(names("(RFC822 RFC822.SIZE RFC822.HEADER RFC822.TEXT)") == "RFC822!|RFC822.SIZE|RFC822.HEADER|RFC822.TEXT!");
  CHECK(names("BODY[]") == "BODY[]!");
  CHECK(names("body.peek[]") == "BODY[]");
  CHECK(names("BODY[1]") == "BODY[1]!");
  CHECK(names("BODY.PEEK[4.2.1.HEADER]") == "BODY[4.2.1.HEADER]");
  CHECK(names("BODY.PEEK[TEXT]<0.100>") == "BODY[TEXT]<0>");
  CHECK(names("BODY.PEEK[1.mime]") == "BODY[1.MIME]");
  CHECK(names("(BODY.PEEK[HEADER.FIELDS (From \"X Y\" {2}\r\nTo)] FLAGS)") ==
        "BODY[HEADER.FIELDS (From \"X Y\" To)]|FLAGS");
  CHECK(names("BODY.PEEK[2.HEADER.FIELDS.NOT (Subject)]<5.5>") == "BODY[2.HEADER.FIELDS.NOT (Subject)]<5>");
  CHECK(args_of<FetchArgs>("a UID FETCH 1:* FLAGS").uid);
  const auto section = args_of<FetchArgs>("a FETCH 1 BODY[1.2.TEXT]<18446744073709551615.1>").items[0];
  CHECK(section.section.path() == "1.2");
  CHECK(section.section.text == SectionText::Text);
  CHECK(section.partial->first == 18446744073709551615ULL);
  for (const char* wrong : {"",
                            "()",
                            "(ALL)",
                            "(FLAGS UID",
                            "FLAGS UID",
                            "FROB",
                            "BODY[",
                            "BODY[0]",
                            "BODY[1.]",
                            "BODY[1.0]",
                            "BODY[MIME]",
                            "BODY[.1]",
                            "BODY[FROB]",
                            "BODY[HEADER.FIELDS]",
                            "BODY[HEADER.FIELDS ()]",
                            "BODY[HEADER.FIELDS (a]",
                            "BODY[]<0>",
                            "BODY[]<0.0>",
                            "BODY[]<-1.5>",
                            "BODY[]<0.5",
                            "BODY[1",
                            "BODY.PEEK",
                            "RFC822.PEEK",
                            "BINARY[HEADER]",
                            "BODY[1..2]",
                            "BODY[]<0.18446744073709551616>",
                            "PREVIEWS"}) {
    INFO(wrong);
    CHECK_FALSE(parse_command(std::string("a FETCH 1 ") + wrong).ok());
  }
  std::string deep = "a FETCH 1 BODY[1";
  for (std::size_t i = 1; i < kMaxSectionDepth; ++i) deep += ".1";
  CHECK(parse_command(deep + "]").ok());
  CHECK(error_of(deep + ".1]").find("at most 128 part numbers") != std::string::npos);
}

TEST_CASE("APPEND up to its message", "[parse]") {
  const auto start = parse_append("a APPEND \"Sent\" (\\Seen work) \"17-Jul-1996 02:44:25 -0700\" ", false);
  REQUIRE(start.ok());
  CHECK(start->tag == "a");
  CHECK(start->mailbox == "Sent");
  CHECK(start->steps.front().options.flags.system == kSeen);
  CHECK(start->steps.front().options.flags.keywords == std::vector<std::string>{"work"});
  REQUIRE(start->steps.front().options.date.has_value());
  CHECK(start->steps.front().options.date->time == 837596665);
  CHECK(start->steps.front().options.date->zone_minutes == -420);
  CHECK(parse_append("a append {5}\r\nInBox ", false)->mailbox == "INBOX");
  CHECK(parse_append("a APPEND x \" 1-Jan-1970 00:00:00 +0000\" ", false)->steps.front().options.date->time == 0);
  CHECK_FALSE(parse_append("a APPEND x () \"17-Jul-1996 02:44:25 -0700\" x ", false).ok());
  CHECK_FALSE(parse_append("a APPEND x", false).ok());
  CHECK_FALSE(parse_append("a APPEND a&b ", false).ok());
  CHECK(parse_append_next(" (\\Flagged) ", {}, false)->front().options.flags.system == kFlagged);
  CHECK(parse_append_next(" ", {}, false).ok());
  CHECK_FALSE(parse_append_next("", {}, false).ok());
  CHECK_FALSE(parse_append_next(" x ", {}, false).ok());
  CHECK(parse_append_end("", {}, false).ok());
  CHECK_FALSE(parse_append_end(" x", {}, false).ok());
  for (const char* wrong :
       {"\"32-Jan-1970 00:00:00 +0000\"", "\"29-Feb-1970 00:00:00 +0000\"", "\" 1-Foo-1970 00:00:00 +0000\"",
        "\" 1-Jan-1970 24:00:00 +0000\"", "\" 1-Jan-1970 00:60:00 +0000\"", "\" 1-Jan-1970 00:00:00 0000\"",
        "\" 1-Jan-1970 00:00:00 +00\"", "\" 1-Jan-70 00:00:00 +0000\"", "\" 1-Jan-1970\"",
        "\" 1-Jan-1970 00:00:00 +0060\""}) {
    INFO(wrong);
    CHECK_FALSE(parse_append(std::string("a APPEND x ") + wrong + " ", false).ok());
  }
}
