#include <fstream>
#include <future>

#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

std::string literal(const std::string& message) { return "{" + std::to_string(message.size()) + "+}\r\n" + message; }

std::string announced(const std::string& message) { return "{" + std::to_string(message.size()) + "}\r\n"; }

// Everything behind "APPENDUID <validity> ".
std::string uids_of(const std::string& answer) {
  const auto code = answer.find("[APPENDUID ");
  if (code == std::string::npos) return "none in: " + answer;
  const auto uids = answer.find(' ', code + 11) + 1;
  return answer.substr(uids, answer.find(']', uids) - uids);
}

}  // namespace

TEST_CASE_METHOD(ImapFixture, "APPEND stores flags, keywords, date and octets, RFC 9051 6.3.12, RFC 4315") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string message = letter("one");
  ImapClient client(*this, {step, true, true});
  client.login();
  const std::string head = "a APPEND INBOX (\\Seen Work) \" 1-Feb-2003 04:05:06 +0100\" ";
  CHECK(client.talk(head + announced(message)) == "+ OK\r\n");
  const std::string answer = client.talk(message + "\r\n");
  CHECK(answer.find("a OK [APPENDUID ") == 0);
  CHECK(uids_of(answer) == "1");
  client.talk("x SELECT INBOX\r\n");
  CHECK(client.talk("b FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n") ==
        "* 1 FETCH (FLAGS (\\Seen Work \\Recent) INTERNALDATE \" 1-Feb-2003 04:05:06 +0100\" RFC822.SIZE " +
            std::to_string(message.size()) + " BODY[] {" + std::to_string(message.size()) + "}\r\n" + message +
            ")\r\nb OK FETCH completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "APPEND to the selected mailbox reports it at once") {
  ImapClient client(*this);
  client.open();
  const std::string answer = client.talk("a APPEND INBOX " + literal(letter("one")) + "\r\n");
  CHECK(answer.find("* 1 EXISTS\r\n* 1 RECENT\r\na OK [APPENDUID ") == 0);
}

TEST_CASE_METHOD(ImapFixture, "APPEND is refused before the message is sent, with TRYCREATE, RFC 9051 6.3.12") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  const std::string refused = "a NO [TRYCREATE] No such mailbox\r\n";
  CHECK(client.talk("a APPEND Nothing {100}\r\n") == refused);
  CHECK(client.talk("a APPEND Nothing " + literal(letter("one")) + "\r\nb NOOP\r\n") ==
        refused + "b OK NOOP completed\r\n");
  CHECK(client.talk("c APPEND INBOX (\\Nonsense) {100}\r\n").find("c BAD") == 0);
  CHECK(client.talk("d APPEND INBOX {0}\r\n").find("d NO [CANNOT]") == 0);
  CHECK(client.talk("e APPEND INBOX\r\n").find("e BAD") == 0);
}

TEST_CASE_METHOD(ImapFixture, "APPEND over APPENDLIMIT is refused, RFC 7889") {
  ImapClient client(*this);
  client.login();
  CHECK(client.talk("a APPEND INBOX {4194305}\r\n").find("a NO [TOOBIG]") == 0);
  CHECK(client.talk("b STATUS INBOX (APPENDLIMIT)\r\n") ==
        "* STATUS INBOX (APPENDLIMIT 4194304)\r\nb OK STATUS completed\r\n");
  const std::string message = letter("big", std::string(4'000'000, 'x') + "\r\n");
  CHECK(client.talk("c APPEND INBOX " + announced(message)) == "+ OK\r\n");
  CHECK(client.talk(message + "\r\n").find("c OK [APPENDUID ") == 0);
  CHECK(client.talk("d STATUS INBOX (SIZE)\r\n").find("SIZE " + std::to_string(message.size())) != std::string::npos);
}

TEST_CASE_METHOD(ImapFixture,
                 "APPEND of a message with NUL is refused and its octets are swallowed, RFC 9051 9 CHAR8") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  const std::string message = "Subject: x\r\n\r\n" + std::string(1, '\0') + "\r\nb LOGOUT\r\n";
  CHECK(client.talk("a APPEND INBOX " + literal(message) + "\r\nc NOOP\r\n") ==
        "a NO [CANNOT] A message with a NUL octet is not stored\r\nc OK NOOP completed\r\n");
  CHECK(client.talk("d STATUS INBOX (MESSAGES)\r\n").find("MESSAGES 0)") != std::string::npos);
}

TEST_CASE_METHOD(ImapFixture, "APPEND is not possible before login") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.take();
  CHECK(client.talk("a APPEND INBOX {10}\r\n") == "a BAD Not possible in this state\r\n");
  CHECK(client.talk("b APPEND INBOX {10+}\r\n0123456789\r\n").find("b BAD") == 0);
}

TEST_CASE_METHOD(ImapFixture, "several messages in one APPEND are stored together or not at all, RFC 3502") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  const std::string one = literal(letter("one"));
  const std::string two = " (\\Flagged) " + literal(letter("two"));
  CHECK(uids_of(client.talk("a APPEND Sent " + one + two + "\r\n")) == "1:2");
  CHECK(client.talk("b STATUS Sent (MESSAGES)\r\n").find("MESSAGES 2)") != std::string::npos);
  // The second one is broken off: nothing is stored.
  CHECK(client.talk("c APPEND Sent " + one + " (\\Bad {0+}\r\n\r\n").find("c ") == 0);
  CHECK(client.talk("d APPEND Sent " + one + " {0+}\r\n\r\n").find("d NO [CANNOT]") == 0);
  CHECK(client.talk("e APPEND Sent " + one + " nonsense\r\n").find("e BAD") == 0);
  CHECK(client.talk("f STATUS Sent (MESSAGES)\r\n").find("MESSAGES 2)") != std::string::npos);
}

TEST_CASE_METHOD(ImapFixture, "APPEND refuses more than 1000 messages at once") {
  ImapClient client(*this);
  client.login();
  std::string command = "a APPEND Sent";
  for (std::size_t i = 0; i < receiver::imap::kMaxAppends + 1; ++i) command += " " + literal("Subject: x\r\n\r\n");
  CHECK(client.talk(command + "\r\n").find("a NO [CANNOT] Too much in one APPEND") == 0);
  CHECK(client.talk("b STATUS Sent (MESSAGES)\r\n").find("MESSAGES 0)") != std::string::npos);
}

TEST_CASE_METHOD(ImapFixture, "a small APPEND is prepared where it is and waits for no worker") {
  ImapClient client(*this);
  client.login();
  std::promise<void> release;
  const auto released = release.get_future().share();
  REQUIRE(services->workers.submit([released] { released.wait(); }));  // the pool's only thread
  CHECK(client.talk("a APPEND Sent " + literal(letter("x")) + "\r\n").find("a OK [APPENDUID ") == 0);
  release.set_value();
}

TEST_CASE_METHOD(ImapFixture, "octets that are stored already are appended again, also when they go meanwhile") {
  namespace mail = store::mail;
  ImapClient client(*this);
  client.login();
  const std::string message = letter("again");
  const std::string append = "a APPEND Sent " + literal(message) + " " + literal(letter("other")) + "\r\n";
  CHECK(uids_of(client.talk("a APPEND INBOX " + literal(message) + "\r\n")) == "1");
  const bool gone = GENERATE(false, true);
  if (gone) {
    // The writer is busy while the APPEND is prepared, and then takes the body away before it is written.
    std::promise<void> started, prepared;
    auto removed = std::async(std::launch::async, [&] {
      return services->mail.env().write([&](mail::WriteTxn& txn) -> base::Status {
        started.set_value();
        prepared.get_future().wait();
        TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, account, "INBOX"));
        TRY(mail::expunge(txn, inbox.id, std::vector<base::Uid>{base::Uid{1}}, false));
        TRY_ASSIGN(const auto collected, mail::collect_garbage(txn, 4'000'000'000, 1'000'000));
        return collected.bodies == 1 ? base::ok() : base::Status(base::Error{base::Errc::NotFound, "no garbage"});
      });
    });
    started.get_future().wait();
    client.stream.send(append);
    bool sent = false;
    executor.post([&sent] { sent = true; });
    executor.run_until(sent);
    prepared.set_value();
    REQUIRE(removed.get().ok());
    CHECK(uids_of(client.until("a OK")) == "1:2");
  } else {
    CHECK(uids_of(client.talk(append)) == "1:2");
  }
  client.talk("b SELECT Sent\r\n");
  CHECK(client.talk("c FETCH 1 BODY.PEEK[]\r\n").find(message) != std::string::npos);
}
