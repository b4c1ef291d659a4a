#include "common/base/text.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;

namespace {

constexpr std::string_view kBase =
    "IMAP4rev1 IMAP4rev2 LITERAL- SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT ESEARCH CONDSTORE "
    "QRESYNC "
    "SEARCHRES WITHIN PARTIAL SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES MULTISEARCH BINARY "
    "I18NLEVEL=1 "
    "STATUS=SIZE OBJECTID SAVEDATE PREVIEW UIDONLY UNAUTHENTICATE INPROGRESS REPLACE UTF8=ACCEPT "
    "ACL RIGHTS=kxte LIST-MYRIGHTS "
    "QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE METADATA LIST-METADATA "
    "LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE MULTIAPPEND CATENATE NOTIFY APPENDLIMIT=4194304";

std::string base_capabilities() { return std::string(kBase); }

}  // namespace

TEST_CASE_METHOD(ImapFixture, "greeting inside TLS offers passwords, RFC 9051 7.1") {
  ImapClient client(*this);
  CHECK(client.take() == "* OK [CAPABILITY " + base_capabilities() +
                             " AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN] mail.example.test Hearthmail ready\r\n");
}

TEST_CASE_METHOD(ImapFixture, "in clear LOGIN is disabled and STARTTLS offered, RFC 9051 6.2.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, false, true});
  CHECK(client.take() ==
        "* OK [CAPABILITY " + base_capabilities() + " STARTTLS LOGINDISABLED] mail.example.test Hearthmail ready\r\n");
  CHECK(client.talk("a LOGIN anna@example.test secret\r\n") ==
        "a NO [PRIVACYREQUIRED] Passwords are taken inside TLS only\r\n");
  CHECK(client.talk("b AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n") ==
        "b NO [PRIVACYREQUIRED] Passwords are taken inside TLS only\r\n");
  // What was sent in clear behind STARTTLS is not executed.
  CHECK(client.talk("c STARTTLS\r\nd NOOP\r\n") == "c OK Begin TLS negotiation now\r\n");
  CHECK(client.talk("e CAPABILITY\r\n") ==
        "* CAPABILITY " + base_capabilities() +
            " AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN\r\ne OK CAPABILITY completed\r\n");
  CHECK(client.talk("f STARTTLS\r\n") == "f BAD TLS cannot be started here\r\n");
  CHECK(client.talk("g LOGIN anna@example.test secret\r\n") ==
        "g OK [CAPABILITY " + base_capabilities() + " COMPRESS=DEFLATE] Logged in\r\n");
}

TEST_CASE_METHOD(ImapFixture, "login.in_clear lets in peers of this machine only") {
  services->clear_login_on_loopback = true;
  ImapClient near(*this, {4096, false, true, "127.0.0.1"});
  CHECK(near.take() ==
        "* OK [CAPABILITY " + base_capabilities() +
            " STARTTLS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN] mail.example.test Hearthmail ready\r\n");
  CHECK(near.talk("a LOGIN anna@example.test secret\r\n") ==
        "a OK [CAPABILITY " + base_capabilities() + " COMPRESS=DEFLATE] Logged in\r\n");
  ImapClient far(*this, {4096, false, true, "192.0.2.1"});
  far.take();
  CHECK(far.talk("a LOGIN anna@example.test secret\r\n") ==
        "a NO [PRIVACYREQUIRED] Passwords are taken inside TLS only\r\n");
}

TEST_CASE_METHOD(ImapFixture, "LOGIN takes atoms, quoted strings and literals, RFC 9051 6.2.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.take();
  CHECK(client.talk("a LOGIN {17}\r\n") == "+ OK\r\n");
  CHECK(client.talk("anna@example.test {6+}\r\nsecret\r\n") ==
        "a OK [CAPABILITY " + base_capabilities() + " COMPRESS=DEFLATE] Logged in\r\n");
  CHECK(client.talk("b LOGIN x y\r\n") == "b BAD Not possible in this state\r\n");
}

TEST_CASE_METHOD(ImapFixture, "a wrong password is refused after a pause, RFC 5530") {
  ImapClient client(*this);
  client.take();
  CHECK(client.talk("a LOGIN nobody@example.test wrong\r\n") ==
        "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n");
  REQUIRE(client.pauses.size() == 1);
  CHECK(client.pauses.front() >= std::chrono::seconds(1));
  CHECK(client.talk("b SELECT INBOX\r\n") == "b BAD Not possible in this state\r\n");
}

TEST_CASE_METHOD(ImapFixture, "AUTHENTICATE PLAIN with and without initial response, RFC 4959") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string ok = "a OK [CAPABILITY " + base_capabilities() + " COMPRESS=DEFLATE] Logged in\r\n";
  const std::string plain = base::base64(std::string_view("\0anna@example.test\0secret", 25));
  ImapClient client(*this, {step, true, true});
  client.take();
  SECTION("initial response") { CHECK(client.talk("a AUTHENTICATE PLAIN " + plain + "\r\n") == ok); }
  SECTION("challenge") {
    CHECK(client.talk("a AUTHENTICATE PLAIN\r\n") == "+ \r\n");
    CHECK(client.talk(plain + "\r\n") == ok);
  }
  SECTION("pipelined") { CHECK(client.talk("a AUTHENTICATE PLAIN\r\n" + plain + "\r\n") == "+ \r\n" + ok); }
  SECTION("LOGIN") {
    const std::string challenge = client.talk("a AUTHENTICATE LOGIN\r\n");
    CHECK(challenge.substr(0, 2) == "+ ");
    client.talk(base::base64("anna@example.test") + "\r\n");
    CHECK(client.talk(base::base64("secret") + "\r\n") == ok);
  }
  SECTION("cancelled") {
    client.talk("a AUTHENTICATE PLAIN\r\n");
    CHECK(client.talk("*\r\n") == "a BAD Authentication cancelled or malformed\r\n");
    CHECK(client.talk("b NOOP\r\n") == "b OK NOOP completed\r\n");
  }
  SECTION("unknown mechanism") {
    CHECK(client.talk("a AUTHENTICATE CRAM-MD5\r\n") == "a NO [CANNOT] That mechanism is not offered\r\n");
  }
}

TEST_CASE_METHOD(ImapFixture, "the first login makes the account's mailboxes") {
  const auto gone =
      mail->env().write([this](store::mail::WriteTxn& txn) { return store::mail::delete_account(txn, account); });
  REQUIRE(gone.ok());
  ImapClient client(*this);
  client.login();
  CHECK(client.talk("a STATUS INBOX (MESSAGES)\r\n") == "* STATUS INBOX (MESSAGES 0)\r\na OK STATUS completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "commands are refused in the wrong state, RFC 9051 3") {
  ImapClient client(*this);
  client.take();
  const std::string before = "x BAD Not possible in this state\r\n";
  CHECK(client.talk("x LIST \"\" *\r\n") == before);
  CHECK(client.talk("x FETCH 1 FLAGS\r\n") == before);
  client.login();
  CHECK(client.talk("x FETCH 1 FLAGS\r\n") == before);
  CHECK(client.talk("x CLOSE\r\n") == before);
  CHECK(client.talk("x STARTTLS\r\n") == before);
}

TEST_CASE_METHOD(ImapFixture, "three bad commands before login and twenty after end the session") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.take();
  SECTION("before") {
    CHECK(client.talk("a FOO\r\n").substr(0, 5) == "a BAD");
    client.talk("b BAR\r\n");
    const std::string last = client.talk("c BAZ\r\nd NOOP\r\n");
    CHECK(last.substr(0, 5) == "c BAD");
    CHECK(last.find("* BYE Too many bad commands\r\n") != std::string::npos);
    CHECK(last.find("d OK") == std::string::npos);
    CHECK(client.done());
  }
  SECTION("after") {
    client.login();
    for (std::size_t i = 1; i < receiver::imap::kBadCommandsAfterLogin; ++i) client.talk("a FOO\r\n");
    CHECK_FALSE(client.done());
    client.talk("a NOOP\r\n");  // a good one clears the count
    for (std::size_t i = 1; i < receiver::imap::kBadCommandsAfterLogin; ++i) client.talk("a FOO\r\n");
    CHECK_FALSE(client.done());
    CHECK(client.talk("a FOO\r\n").find("* BYE") != std::string::npos);
    CHECK(client.done());
  }
}

TEST_CASE_METHOD(ImapFixture, "LOGOUT says BYE first, RFC 9051 6.1.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.take();
  CHECK(client.talk("a LOGOUT\r\nb NOOP\r\n") == "* BYE Logging out\r\na OK LOGOUT completed\r\n");
  CHECK(client.done());
}

TEST_CASE_METHOD(ImapFixture, "ID, ENABLE and NAMESPACE, RFC 2971, RFC 9051 6.3.1, 6.3.10") {
  ImapClient client(*this);
  client.take();
  CHECK(client.talk("a ID (\"name\" \"mutt\")\r\n").find("* ID (\"name\" \"Hearthmail\"") == 0);
  client.login();
  CHECK(client.talk("b ENABLE X-BAR X-FOO\r\n") == "* ENABLED\r\nb OK ENABLE completed\r\n");
  CHECK(client.talk("c NAMESPACE\r\n") ==
        "* NAMESPACE ((\"\" \"/\")) ((\"Shared/\" \"/\")) NIL\r\nc OK NAMESPACE completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "limits of lines and literals are answered, and the session goes on") {
  const auto step = GENERATE(std::size_t{3}, 4096u);
  ImapClient client(*this, {step, true, true});
  client.take();
  CHECK(client.talk("a LOGIN " + std::string(9000, 'x') + " y\r\n").find("a BAD [TOOBIG]") == 0);
  client.login();
  CHECK(client.talk("b SELECT {200000}\r\n").find("b BAD [TOOBIG]") == 0);
  // A non-synchronising literal over 4,096 octets is swallowed: nothing in it runs (RFC 7888).
  const std::string swallowed =
      client.talk("c SELECT {5000+}\r\nz LOGOUT\r\n" + std::string(4990, 'x') + "\r\nd NOOP\r\n");
  CHECK(swallowed.find("c BAD [TOOBIG]") == 0);
  CHECK(swallowed.find("BYE") == std::string::npos);
  CHECK(swallowed.find("d OK NOOP completed\r\n") != std::string::npos);
}

TEST_CASE_METHOD(ImapFixture, "timeouts: 3 minutes to log in, 30 minutes afterwards, RFC 9051 5.4") {
  ImapClient client(*this);
  CHECK(client.stream.timeout() == std::chrono::minutes(3));
  clock.advance(base::Seconds(60));
  client.talk("a NOOP\r\n");
  CHECK(client.stream.timeout() == std::chrono::minutes(2));
  SECTION("not logged in") {
    clock.advance(base::Seconds(120));
    CHECK(client.talk("a NOOP\r\n") == "a OK NOOP completed\r\n* BYE No login in time\r\n");
    CHECK(client.done());
  }
  SECTION("logged in") {
    client.login();
    CHECK(client.stream.timeout() == std::chrono::minutes(30));
    client.stream.time_out();
    client.run_until_idle();
    CHECK(client.take() == "* BYE Idle for too long\r\n");
    CHECK(client.done());
  }
}

TEST_CASE_METHOD(ImapFixture, "pipelined commands are answered with one write") {
  ImapClient client(*this);
  client.login();
  client.stream.largest_write = 0;
  const std::string answer = client.talk("a NOOP\r\nb NOOP\r\nc NOOP\r\n");
  CHECK(answer == "a OK NOOP completed\r\nb OK NOOP completed\r\nc OK NOOP completed\r\n");
  CHECK(client.stream.largest_write == answer.size());
}

TEST_CASE_METHOD(ImapFixture, "a peer that goes away ends the session") {
  ImapClient client(*this);
  client.open();
  SECTION("in order") { client.stream.end(); }
  SECTION("at once") { client.stream.close(); }
  client.run_until_idle();
  CHECK(client.done());
}
