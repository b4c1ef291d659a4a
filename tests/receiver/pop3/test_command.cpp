#include <string>
#include <vector>

#include "receiver/pop3/command.hpp"
#include "receiver/pop3/maildrops.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::pop3;

namespace {

Command parsed(std::string_view line) {
  const auto command = parse_command(line);
  INFO(line);
  REQUIRE(command.ok());
  return *command;
}
std::string refused(std::string_view line) {
  const auto command = parse_command(line);
  return command.ok() ? "parsed" : command.error().text;
}

}  // namespace

TEST_CASE("commands and their arguments, RFC 1939 3", "[pop3]") {
  CHECK(parsed("STAT").verb == Verb::Stat);
  CHECK(parsed("stat ").verb == Verb::Stat);
  CHECK(parsed("uSeR ada@example.test").argument == "ada@example.test");
  CHECK(parsed("PASS two words ").argument == "two words ");
  CHECK(parsed("PASS  x").argument == " x");
  CHECK(parsed("AUTH").argument.empty());
  CHECK(parsed("AUTH PLAIN AGE=").argument == "PLAIN AGE=");
  CHECK_FALSE(parsed("LIST").message.has_value());
  CHECK(parsed("LIST 7").message == 7U);
  CHECK(parsed("UIDL 4294967295").message == 4294967295U);
  CHECK(parsed("DELE 1 ").message == 1U);
  CHECK(parsed("RETR 2").verb == Verb::Retr);
  const Command top = parsed("TOP 3 0");
  CHECK(top.message == 3U);
  CHECK(top.lines == 0);
  CHECK(parsed("TOP 1 18446744073709551615").lines == 18446744073709551615ULL);

  CHECK(refused("") == "Unknown command");
  CHECK(refused("FROB") == "Unknown command");
  CHECK(refused("APOP ada digest") == "Unknown command");
  CHECK(refused(" STAT") == "Unknown command");
  CHECK(refused("STAT 1") == "No argument expected");
  CHECK(refused("USER") == "Argument missing");
  CHECK(refused("PASS ") == "Argument missing");
  for (const char* wrong : {"RETR", "RETR x", "RETR 0", "RETR -1", "RETR 4294967296", "DELE 1 2", "LIST 1 2"}) {
    INFO(wrong);
    CHECK(refused(wrong) == "Expected a message number");
  }
  CHECK(refused("TOP 1") == "Expected a message number and a number of lines");
  CHECK(refused("TOP 1 x") == "Expected a number of lines");
  CHECK(refused("TOP x 1") == "Expected a message number");
}

TEST_CASE("each command belongs to its state", "[pop3]") {
  for (const Verb verb : {Verb::User, Verb::Pass, Verb::Auth, Verb::Stls, Verb::Utf8}) {
    CHECK(is_legal(verb, State::Authorization));
    CHECK_FALSE(is_legal(verb, State::Transaction));
  }
  for (const Verb verb :
       {Verb::Stat, Verb::List, Verb::Uidl, Verb::Retr, Verb::Top, Verb::Dele, Verb::Rset, Verb::Noop}) {
    CHECK_FALSE(is_legal(verb, State::Authorization));
    CHECK(is_legal(verb, State::Transaction));
  }
  for (const Verb verb : {Verb::Quit, Verb::Capa}) {
    CHECK(is_legal(verb, State::Authorization));
    CHECK(is_legal(verb, State::Transaction));
  }
}

TEST_CASE("a maildrop has one session at a time, RFC 1939 8", "[pop3]") {
  Maildrops maildrops;
  auto first = maildrops.lock(base::AccountId{1});
  REQUIRE(first.has_value());
  CHECK_FALSE(maildrops.lock(base::AccountId{1}).has_value());
  CHECK(maildrops.lock(base::AccountId{2}).has_value());  // and given back at once
  CHECK(maildrops.lock(base::AccountId{2}).has_value());
  auto moved = std::move(*first);
  first.reset();
  CHECK_FALSE(maildrops.lock(base::AccountId{1}).has_value());
  { const auto last = std::move(moved); }
  CHECK(maildrops.lock(base::AccountId{1}).has_value());
}
