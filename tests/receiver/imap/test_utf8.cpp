// UTF8=ACCEPT, RFC 6855: names and messages in UTF-8; and octets that must never run as commands.
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

TEST_CASE_METHOD(ImapFixture, "after ENABLE UTF8=ACCEPT names are UTF-8 and & is itself, RFC 6855 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  ImapClient other(*this);
  anna.login();
  other.login();
  CHECK(anna.talk("a ENABLE UTF8=ACCEPT\r\n") == "* ENABLED UTF8=ACCEPT\r\na OK ENABLE completed\r\n");
  CHECK(has(anna.talk("b CREATE \"Entw\xc3\xbcrfe\"\r\n"), "b OK "));
  CHECK(has(anna.talk("c CREATE R&D\r\n"), "c OK "));
  CHECK(has(anna.talk("d CREATE Entw&APw-rfe\r\n"), "d OK "));  // six more characters, no coding
  CHECK(anna.talk("e LIST \"\" \"Entw*\"\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" Entw&APw-rfe\r\n* LIST (\\HasNoChildren) \"/\" \"Entw\xc3\xbcrfe\"\r\n"
        "e OK LIST completed\r\n");
  CHECK(anna.talk("f STATUS \"Entw\xc3\xbcrfe\" (MESSAGES)\r\n") ==
        "* STATUS \"Entw\xc3\xbcrfe\" (MESSAGES 0)\r\nf OK STATUS completed\r\n");
  anna.talk("g SUBSCRIBE R&D\r\n");
  CHECK(anna.talk("h LSUB \"\" R*\r\n") == "* LSUB () \"/\" R&D\r\nh OK LSUB completed\r\n");
  // Who has not enabled it sees the same mailboxes in modified UTF-7.
  CHECK(other.talk("a LIST \"\" R*\r\n") == "* LIST (\\HasNoChildren) \"/\" R&-D\r\na OK LIST completed\r\n");
  CHECK(other.talk("b LIST \"\" Entw*\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" Entw&-APw-rfe\r\n* LIST (\\HasNoChildren) \"/\" Entw&APw-rfe\r\n"
        "b OK LIST completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "APPEND UTF8 (literal8), and SEARCH without CHARSET, RFC 6855 3, 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string text =
      "Subject: Gr\xc3\xbc\xc3\x9f"
      "e\r\n\r\nHallo\r\n";
  const std::string size = std::to_string(text.size());
  ImapClient client(*this, {step, true, true});
  client.login();
  // Not before it is enabled.
  CHECK(client.talk("a APPEND INBOX UTF8 (~{" + size + "+}\r\n" + text + ")\r\n").substr(0, 5) == "a BAD");
  client.talk("b APPEND Trash ~{" + size + "+}\r\n" + text + "\r\n");
  CHECK(has(client.talk("b STATUS Trash (MESSAGES)\r\n"), "(MESSAGES 1)"));
  client.talk("b ENABLE UTF8=ACCEPT\r\n");
  CHECK(has(client.talk("c APPEND INBOX (\\Seen) UTF8 (~{" + size + "+}\r\n" + text + ")\r\n"), "c OK [APPENDUID "));
  CHECK(client.talk("d APPEND INBOX utf8 (~{" + size + "}\r\n") == "+ OK\r\n");
  CHECK(has(client.talk(text + ") UTF8 (~{" + size + "+}\r\n" + text + ")\r\n"), " 2:3] APPEND completed\r\n"));
  CHECK(client.talk("e APPEND INBOX UTF8 (~{" + size + "+}\r\n" + text + "\r\n").substr(0, 5) == "e BAD");
  // UTF8's message is a literal8 and nothing else; a literal8 alone is BINARY's and needs no ENABLE (RFC 3516 §4.4).
  CHECK(client.talk("e APPEND INBOX UTF8 ({" + size + "}\r\n").substr(0, 5) == "e BAD");
  CHECK(client.talk("e APPEND INBOX UTF8 ({" + size + "+}\r\n" + text + ")\r\n").substr(0, 5) == "e BAD");
  CHECK(has(client.talk("f APPEND INBOX {" + size + "+}\r\n" + text + "\r\n"), "f OK"));
  client.talk("h SELECT INBOX\r\n");
  CHECK(client.talk("i SEARCH SUBJECT \"gr\xc3\xbc\xc3\x9f"
                    "e\"\r\n") == "* SEARCH 1 2 3 4\r\ni OK SEARCH completed\r\n");
  CHECK(client.talk("j SEARCH CHARSET UTF-8 ALL\r\n") == "j BAD After ENABLE UTF8=ACCEPT there is no CHARSET\r\n");
}

TEST_CASE_METHOD(ImapFixture, "octets of a literal in what was no DONE never run, RFC 7888 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.open();
  client.talk("a IDLE\r\n");
  const std::string evil = "x CREATE Evil\r\n";
  CHECK(client.talk("b APPEND INBOX {" + std::to_string(evil.size()) + "+}\r\n" + evil + "\r\nc NOOP\r\n") ==
        "a BAD Expected DONE\r\nb BAD Dropped with its literal\r\nc OK NOOP completed\r\n");
  client.talk("d IDLE\r\n");
  CHECK(client.talk("e NOOP\r\nf NOOP\r\n") == "d BAD Expected DONE\r\nf OK NOOP completed\r\n");
  CHECK(client.talk("g LIST \"\" Evil\r\n") == "g OK LIST completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "octets of a literal in what was no SASL response never run, RFC 7888 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.take();
  CHECK(client.talk("a AUTHENTICATE PLAIN\r\n") == "+ \r\n");
  CHECK(client.talk("{8+}\r\nb NOOP\r\n\r\nc NOOP\r\n") ==
        "a BAD Authentication cancelled or malformed\r\n* BAD Dropped with its literal\r\nc OK NOOP completed\r\n");
}
