// Every limit of a command in a whole session, at its edge: the last value that is taken and the first that is not.
// The pure parts have tests of their own (test_framer, test_parse, test_parse_search).
#include "common/config/settings.hpp"
#include "receiver/imap/framer.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/parse/numset.hpp"
#include "receiver/imap/parse/search_key.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver;
using test::has;
using test::ImapClient;
using test::ImapFixture;

namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// "a <start>xxx<end>" CRLF of exactly `octets`.
std::string line_of(std::size_t octets, const std::string& start, const std::string& end) {
  return start + std::string(octets - start.size() - end.size() - 2, 'x') + end + "\r\n";
}

}  // namespace

TEST_CASE("the limits of a session are those that were agreed", "[limits]") {
  CHECK(imap::kBadCommandsBeforeLogin == 3);
  CHECK(imap::kBadCommandsAfterLogin == 20);
  CHECK(imap::parse::kMaxRanges == 10'000);
  CHECK(store::mail::kMaxMailboxName == 1'000);
  CHECK(store::mail::kMaxMailboxLevels == 20);
  CHECK(config::Settings{}.max_message_octets == 50ULL * 1024 * 1024);
}

TEST_CASE_METHOD(ImapFixture, "the listener is told of a login, and not before", "[limits]") {
  ImapClient client(*this);
  client.talk("a NOOP\r\nb LOGIN anna@example.test wrong\r\n");
  CHECK_FALSE(client.stream.authenticated);
  SECTION("LOGIN") { client.login(); }
  SECTION("AUTHENTICATE") { client.talk("c AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n"); }
  CHECK(client.stream.authenticated);
}

TEST_CASE_METHOD(ImapFixture, "a line has 8 KiB before login and 64 KiB after", "[limits]") {
  const auto step = GENERATE(std::size_t{3}, 4096u);
  ImapClient client(*this, {step, true, true});
  const std::string start = "a LOGIN anna@example.test ";
  CHECK(has(client.talk(line_of(8'192, start, "")), "a NO [AUTHENTICATIONFAILED]"));
  CHECK(has(client.talk(line_of(8'193, start, "")), "a BAD [TOOBIG]"));
  client.login();
  CHECK_FALSE(has(client.talk(line_of(65'536, "a SEARCH TEXT ", "")), "TOOBIG"));
  CHECK(has(client.talk(line_of(65'537, "a SEARCH TEXT ", "")), "a BAD [TOOBIG]"));
  CHECK(client.talk("b NOOP\r\n") == "b OK NOOP completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "a literal has 128 KiB, all of a command 1 MiB", "[limits]") {
  ImapClient client(*this);
  client.open();
  CHECK(client.talk("a SEARCH TEXT {131073}\r\n").find("a BAD [TOOBIG]") == 0);
  const std::string most(131'072, 'x');
  CHECK(client.talk("b SEARCH TEXT {131072}\r\n") == "+ OK\r\n");
  for (int i = 2; i <= 7; ++i) CHECK(client.talk(most + " TEXT {131072}\r\n") == "+ OK\r\n");
  CHECK(client.talk(most + " TEXT {131072}\r\n").find("b BAD [TOOBIG]") == 0);  // the eighth is not invited
  CHECK(client.talk("c SEARCH TEXT {131072}\r\n") == "+ OK\r\n");
  CHECK(client.talk(most + "\r\n") == "* SEARCH\r\nc OK SEARCH completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "4,096 octets come without being invited; a flood ends the session, RFC 7888 4",
                 "[limits]") {
  ImapClient client(*this);
  client.open();
  const std::string most(4'096, 'x');
  CHECK(client.talk("a SEARCH TEXT {4096+}\r\n" + most + "\r\n") == "* SEARCH\r\na OK SEARCH completed\r\n");
  const std::string hidden = "x\r\nz CREATE Hidden\r\n";
  CHECK(client.talk("b SEARCH TEXT {4097+}\r\n" + hidden + std::string(4'097 - hidden.size(), 'x') + "\r\n")
            .find("b BAD [TOOBIG]") == 0);
  CHECK(client.talk("c LIST \"\" Hidden\r\n") == "c OK LIST completed\r\n");
  CHECK(has(client.talk("d SEARCH TEXT {1048577+}\r\n"), "* BYE "));
  CHECK(client.done());
}

TEST_CASE_METHOD(ImapFixture, "a set has 10,000 ranges", "[limits]") {
  ImapClient client(*this);
  deliver("INBOX", test::letter("one"));
  client.open();
  const std::string most = "1" + repeated(",1", imap::parse::kMaxRanges - 1);
  CHECK(client.talk("a FETCH " + most + " UID\r\n") == "* 1 FETCH (UID 1)\r\na OK FETCH completed\r\n");
  CHECK(client.talk("b FETCH " + most + ",1 UID\r\n").find("b BAD ") == 0);
  CHECK(client.talk("c SEARCH " + most + ",1\r\n").find("c BAD ") == 0);
  CHECK(client.talk("d STORE " + most + ",1 FLAGS ()\r\n").find("d BAD ") == 0);
}

TEST_CASE_METHOD(ImapFixture, "a search has 50 levels and 1,000 keys", "[limits]") {
  ImapClient client(*this);
  client.open();
  const auto nested = [](std::size_t levels) { return repeated("(", levels) + "ALL" + repeated(")", levels); };
  const std::string found = "* SEARCH\r\na OK SEARCH completed\r\n";
  CHECK(client.talk("a SEARCH " + nested(imap::parse::kMaxSearchDepth - 1) + "\r\n") == found);
  CHECK(client.talk("b SEARCH " + nested(imap::parse::kMaxSearchDepth) + "\r\n").find("b BAD ") == 0);
  CHECK(client.talk("a SEARCH ALL" + repeated(" ALL", imap::parse::kMaxSearchKeys - 1) + "\r\n") == found);
  CHECK(client.talk("c SEARCH ALL" + repeated(" ALL", imap::parse::kMaxSearchKeys) + "\r\n").find("c BAD ") == 0);
}

TEST_CASE_METHOD(ImapFixture, "a mailbox has 20 levels and 1,000 octets of name", "[limits]") {
  ImapClient client(*this);
  client.login();
  const std::string deep = "a" + repeated("/a", 19);
  const std::string longest(1'000, 'n');
  CHECK(test::made(client.talk("a CREATE " + deep + "\r\n"), "a"));
  CHECK(client.talk("b CREATE " + deep + "/a\r\n").find("b NO ") == 0);
  CHECK(test::made(client.talk("c CREATE " + longest + "\r\n"), "c"));
  CHECK(client.talk("d CREATE " + longest + "n\r\n").find("d NO ") == 0);
  CHECK(client.talk("e RENAME " + longest + " " + longest + "n\r\n").find("e NO ") == 0);
  CHECK(client.talk("f RENAME a b/a\r\n").find("f NO ") == 0);  // its children would be too deep
  CHECK(client.talk("g SUBSCRIBE " + longest + "n\r\n").find("g NO ") == 0);
}

TEST_CASE_METHOD(ImapFixture, "APPENDLIMIT is the server's message size, and 50 MiB by default, RFC 7889", "[limits]") {
  services->max_message_octets = config::Settings{}.max_message_octets;
  ImapClient client(*this);
  client.take();
  CHECK(has(client.talk("a CAPABILITY\r\n"), " APPENDLIMIT=52428800"));
  client.login();
  CHECK(client.talk("b APPEND INBOX {52428801}\r\n").find("b NO [TOOBIG]") == 0);
  CHECK(client.talk("c APPEND INBOX {52428800}\r\n") == "+ OK\r\n");
}
