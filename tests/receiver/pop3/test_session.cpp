#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/auth/authenticator.hpp"
#include "common/auth/password.hpp"
#include "common/base/text.hpp"
#include "common/net/workers.hpp"
#include "receiver/pop3/pop3.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::pop3;
namespace mail = store::mail;

namespace {

const std::string& ada_credential() {
  static const std::string hash = auth::hash_password("secret word");
  return hash;
}

base::Result<std::optional<auth::Credential>> lookup(std::string_view login) {
  if (login == "broken@example.test") return base::Error{base::Errc::Unavailable, "disk"};
  if (login != "ada@example.test") return std::optional<auth::Credential>();
  return std::optional<auth::Credential>({base::AccountId{7}, "ada@example.test", ada_credential(), false});
}

// Keeps the output after the session has destroyed the stream.
class Kept : public test::ScriptedStream {
 public:
  Kept(std::string input, std::size_t step, std::string& output)
      : ScriptedStream(std::move(input), step), out_(output) {}
  ~Kept() override { out_ = output(); }
  base::Task<base::Status> write(std::string_view octets) override {
    if (logged_in && octets.find("Maildrop has") != std::string_view::npos) logged_in();
    return ScriptedStream::write(octets);
  }
  void set_authenticated() override { ++*told; }
  std::function<void()> logged_in;  // what others do while the session is open
  int* told = nullptr;              // how often the listener was told of a login

 private:
  std::string& out_;
};

struct Fixture {
  Fixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pop3-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
    auto opened = mail::Store::open(directory);
    REQUIRE(opened.ok());
    store = std::move(*opened);
    services = std::make_unique<Services>(Services{*store, authenticator, maildrops, base::Clock::system(), pause()});
  }
  ~Fixture() {
    services.reset();
    store.reset();
    std::filesystem::remove_all(directory);
  }

  // The delays that the session asked for, without waiting.
  Pause pause() {
    return [this](std::chrono::milliseconds duration) {
      delays.push_back(duration);
      return nothing();
    };
  }
  static base::Task<void> nothing() { co_return; }

  void deliver(const std::string& message) {
    const auto body = mail::prepare_body(message, "summary");
    const auto job = [&body](mail::WriteTxn& txn) -> base::Status {
      TRY(mail::ensure_account(txn, account));
      TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, account, "INBOX"));
      mail::Arrival arrival;
      arrival.body = &body;
      TRY(mail::append(txn, inbox.id, arrival));
      return base::ok();
    };
    REQUIRE(store->env().write(job).ok());
  }
  std::vector<std::uint32_t> uids() {
    const auto look = [](const mail::ReadTxn& txn) -> base::Result<std::vector<base::Uid>> {
      TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, account, "INBOX"));
      return mail::list_uids(txn, inbox.id);
    };
    const auto found = store->env().read(look);
    REQUIRE(found.ok());
    std::vector<std::uint32_t> out;
    for (const base::Uid uid : *found) out.push_back(uid.value);
    return out;
  }
  void remove(std::uint32_t uid) {
    const auto job = [uid](mail::WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, account, "INBOX"));
      const std::vector<base::Uid> gone{base::Uid{uid}};
      TRY(mail::expunge(txn, inbox.id, gone, false));
      return base::ok();
    };
    REQUIRE(store->env().write(job).ok());
  }

  // The whole answer to `input` inside TLS.
  std::string talk(const std::string& input, std::size_t step) {
    std::string output;
    auto stream = std::make_unique<Kept>(input, step, output);
    stream->set_tls_active();
    stream->logged_in = meanwhile;
    stream->told = &told;
    test::run_task(serve_pop3(std::move(stream), *services));
    return output;
  }
  std::string peer = "192.0.2.1";
  // In clear; what stands behind `tls_from` comes after the handshake.
  std::string talk_clear(const std::string& input, std::size_t step, std::size_t tls_from = std::string::npos,
                         bool offer = true) {
    std::string output;
    auto stream = std::make_unique<Kept>(input, step, output);
    stream->told = &told;
    stream->offer_tls(offer);
    stream->set_peer({peer, 40000, peer, 110});
    if (tls_from != std::string::npos) stream->tls_from(tls_from);
    test::run_task(serve_pop3(std::move(stream), *services));
    return output;
  }

  static constexpr base::AccountId account{7};
  std::string directory;
  std::unique_ptr<mail::Store> store;
  net::Workers workers{1, 16};
  auth::Authenticator authenticator{workers, lookup, base::Clock::system()};
  Maildrops maildrops;
  std::vector<std::chrono::milliseconds> delays;
  std::function<void()> meanwhile;
  int told = 0;  // how often the listener was told of a login
  std::unique_ptr<Services> services;
};

const std::string kLogin = "USER ada@example.test\r\nPASS secret word\r\n";
const std::string kHello = "+OK Hearthmail ready\r\n";
const std::string kGoodbye = "+OK Goodbye\r\n";
std::string logged_in(unsigned messages, std::size_t octets) {
  return kHello + "+OK Now the password\r\n+OK Maildrop has " + std::to_string(messages) + " messages (" +
         std::to_string(octets) + " octets)\r\n";
}

const std::string kFirst = "Subject: one\r\n\r\nfirst\r\n.dot\r\nlast\r\n";
const std::string kSecond = "Subject: two\r\n\r\nno line end";

}  // namespace

TEST_CASE_METHOD(Fixture, "a maildrop is listed and read, RFC 1939 5", "[pop3]") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver(kFirst);
  deliver(kSecond);
  const std::size_t sum = kFirst.size() + kSecond.size();
  CHECK(talk(kLogin + "STAT\r\nLIST\r\nLIST 2\r\nLIST 3\r\nRETR 1\r\nRETR 2\r\nTOP 1 1\r\nNOOP\r\nQUIT\r\n", step) ==
        logged_in(2, sum) + "+OK 2 " + std::to_string(sum) + "\r\n" +                 //
            "+OK 2 messages\r\n1 35\r\n2 27\r\n.\r\n" +                               //
            "+OK 2 27\r\n" + "-ERR No such message\r\n" +                             //
            "+OK 35 octets\r\nSubject: one\r\n\r\nfirst\r\n..dot\r\nlast\r\n.\r\n" +  //
            "+OK 27 octets\r\nSubject: two\r\n\r\nno line end\r\n.\r\n" +             //
            "+OK Top of the message follows\r\nSubject: one\r\n\r\nfirst\r\n.\r\n" +  //
            "+OK Still here\r\n" + kGoodbye);
}

TEST_CASE_METHOD(Fixture, "an account that never got mail has an empty maildrop", "[pop3]") {
  CHECK(talk(kLogin + "STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nQUIT\r\n", 4096) ==
        logged_in(0, 0) + "+OK 0 0\r\n+OK 0 messages\r\n.\r\n+OK 0 messages\r\n.\r\n-ERR No such message\r\n" +
            kGoodbye);
}

TEST_CASE_METHOD(Fixture, "deletions commit at QUIT, RFC 1939 6", "[pop3]") {
  const auto step = GENERATE(std::size_t{1}, 4096u);
  for (const char* text : {"a", "bb", "ccc"}) deliver(std::string("S: x\r\n\r\n") + text);
  // RSET takes it back.
  CHECK(talk(kLogin + "DELE 1\r\nRSET\r\nSTAT\r\nQUIT\r\n", step) ==
        logged_in(3, 30) + "+OK Marked to be deleted\r\n+OK No message is marked any more\r\n+OK 3 30\r\n" + kGoodbye);
  // A connection that breaks deletes nothing.
  CHECK(talk(kLogin + "DELE 1\r\nSTAT\r\n", step) == logged_in(3, 30) + "+OK Marked to be deleted\r\n+OK 2 21\r\n");
  CHECK(uids() == std::vector<std::uint32_t>{1, 2, 3});
  CHECK(talk(kLogin + "DELE 1\r\nDELE 1\r\nDELE 3\r\nRETR 1\r\nLIST\r\nSTAT\r\nQUIT\r\n", step) ==
        logged_in(3, 30) +
            "+OK Marked to be deleted\r\n-ERR No such message\r\n+OK Marked to be deleted\r\n-ERR No such message\r\n"
            "+OK 1 messages\r\n2 10\r\n.\r\n+OK 1 10\r\n+OK Goodbye, deleted messages are removed\r\n");
  CHECK(uids() == std::vector<std::uint32_t>{2});
}

TEST_CASE_METHOD(Fixture, "UIDL names a message the same in every session, RFC 1939 7", "[pop3]") {
  for (const char* text : {"a", "bb", "ccc"}) deliver(std::string("S: x\r\n\r\n") + text);
  const std::string before = talk(kLogin + "UIDL\r\nUIDL 3\r\nDELE 2\r\nQUIT\r\n", 4096);
  const std::string after = talk(kLogin + "UIDL\r\nQUIT\r\n", 4096);
  const auto lines = base::split(before, '\n');
  REQUIRE(lines.size() > 8);
  CHECK(lines[3] == "+OK 3 messages\r");
  const std::string first(lines[4]);
  const std::string third(lines[6]);
  CHECK(first.substr(first.size() - 3) == ".1\r");
  CHECK(lines[8] == "+OK " + third);
  CHECK(after.find("+OK 2 messages\r\n" + first + "\n2 " + third.substr(2) + "\n.\r\n") != std::string::npos);
  CHECK(third.size() <= 2 + 70 + 1);
}

TEST_CASE_METHOD(Fixture, "CAPA says what would work now, RFC 2449 5", "[pop3]") {
  const std::string common = "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n";
  const std::string end = "UTF8 USER\r\nIMPLEMENTATION Hearthmail\r\n.\r\n";
  const std::string follow = "+OK Capabilities follow\r\n";
  CHECK(talk_clear("CAPA\r\nQUIT\r\n", 4096) == kHello + follow + common + "STLS\r\n" + end + kGoodbye);
  CHECK(talk_clear("CAPA\r\nQUIT\r\n", 4096, std::string::npos, false) == kHello + follow + common + end + kGoodbye);
  CHECK(talk("CAPA\r\nUTF8\r\n" + kLogin + "CAPA\r\nQUIT\r\n", 4096) ==
        kHello + follow + common + "USER\r\nSASL SCRAM-SHA-256 PLAIN LOGIN\r\n" + end + "+OK UTF-8 it is\r\n" +
            logged_in(0, 0).substr(kHello.size()) + follow + common + end + kGoodbye);
}

TEST_CASE_METHOD(Fixture, "passwords are taken inside TLS only", "[pop3]") {
  const std::string refusal = "-ERR Passwords are taken inside TLS only: use STLS first, or port 995\r\n";
  CHECK(talk_clear(kLogin + "AUTH PLAIN AGFkYQBw\r\nQUIT\r\n", 4096) ==
        kHello + refusal + refusal + refusal + kGoodbye);
}

TEST_CASE_METHOD(Fixture, "login.in_clear lets in peers of this machine only", "[pop3]") {
  services->clear_login_on_loopback = true;
  peer = "127.0.0.1";
  deliver(kFirst);
  CHECK(talk_clear(kLogin + "QUIT\r\n", 4096) == logged_in(1, 35) + kGoodbye);
  peer = "192.0.2.1";
  const std::string refusal = "-ERR Passwords are taken inside TLS only: use STLS first, or port 995\r\n";
  CHECK(talk_clear(kLogin + "QUIT\r\n", 4096) == kHello + refusal + refusal + kGoodbye);
}

TEST_CASE_METHOD(Fixture, "STLS, and nothing sent in clear survives it, RFC 2595 4", "[pop3]") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver(kFirst);
  const std::string clear = "STLS\r\nUSER mallory\r\nQUIT\r\n";
  const std::string output = talk_clear(clear + kLogin + "STLS\r\nQUIT\r\n", step, clear.size());
  CHECK(output == kHello + "+OK Begin TLS negotiation\r\n" + logged_in(1, 35).substr(kHello.size()) +
                      "-ERR Not after login\r\n" + kGoodbye);
  CHECK(talk_clear("STLS\r\nQUIT\r\n", step, std::string::npos, false) ==
        kHello + "-ERR TLS cannot be started here\r\n" + kGoodbye);
  CHECK(talk("STLS\r\nQUIT\r\n", step) == kHello + "-ERR TLS is active already\r\n" + kGoodbye);
}

TEST_CASE_METHOD(Fixture, "AUTH with and without an initial response, RFC 5034", "[pop3]") {
  const auto step = GENERATE(std::size_t{1}, 4096u);
  const std::string plain = base::base64(std::string("\0ada@example.test\0secret word", 29));
  const std::string open = "+OK Maildrop has 0 messages (0 octets)\r\n";
  CHECK(talk("AUTH PLAIN " + plain + "\r\nQUIT\r\n", step) == kHello + open + kGoodbye);
  CHECK(talk("auth plain\r\n" + plain + "\r\nQUIT\r\n", step) == kHello + "+ \r\n" + open + kGoodbye);
  CHECK(talk("AUTH\r\nQUIT\r\n", step) ==
        kHello + "+OK Mechanisms follow\r\nSCRAM-SHA-256\r\nPLAIN\r\nLOGIN\r\n.\r\n" + kGoodbye);
  CHECK(talk("AUTH PLAIN\r\n*\r\nQUIT\r\n", step) ==
        kHello + "+ \r\n-ERR Authentication exchange failed\r\n" + kGoodbye);
  CHECK(talk("AUTH GSSAPI\r\nAUTH PLAIN !\r\nQUIT\r\n", step) ==
        kHello + "-ERR That mechanism is not offered\r\n-ERR Authentication exchange failed\r\n" + kGoodbye);
}

TEST_CASE_METHOD(Fixture, "a wrong password is told apart from a fault of ours, RFC 3206", "[pop3]") {
  const std::string wrong = "USER ada@example.test\r\nPASS wrong\r\n";
  CHECK(talk(wrong + "QUIT\r\n", 4096) ==
        kHello + "+OK Now the password\r\n-ERR [AUTH] Wrong name or password\r\n" + kGoodbye);
  CHECK(delays.size() == 1);
  CHECK(talk("USER nobody@example.test\r\nPASS x\r\nQUIT\r\n", 4096).find("-ERR [AUTH]") != std::string::npos);
  CHECK(talk("USER broken@example.test\r\nPASS x\r\nQUIT\r\n", 4096).find("-ERR [SYS/TEMP]") != std::string::npos);
  CHECK(talk("PASS x\r\nQUIT\r\n", 4096) == kHello + "-ERR USER first\r\n" + kGoodbye);
  // The third one ends the session.
  const std::string thrice = talk(wrong + wrong + wrong + "QUIT\r\n", 4096);
  CHECK(thrice.find("Goodbye") == std::string::npos);
  CHECK(thrice.substr(thrice.size() - 36) == "-ERR [AUTH] Wrong name or password\r\n");
}

TEST_CASE_METHOD(Fixture, "a second session is told that the maildrop is in use", "[pop3]") {
  deliver(kFirst);
  {
    const auto other = maildrops.lock(account);
    CHECK(talk(kLogin + "QUIT\r\n", 4096) ==
          kHello + "+OK Now the password\r\n-ERR [IN-USE] Another POP3 session has the maildrop open\r\n" + kGoodbye);
  }
  CHECK(talk(kLogin + "QUIT\r\n", 4096) == logged_in(1, 35) + kGoodbye);
  CHECK(talk(kLogin, 4096) == logged_in(1, 35));  // the lock goes with the connection too
  CHECK(maildrops.lock(account).has_value());
}

TEST_CASE_METHOD(Fixture, "what another client removed is reported, what came later is not seen", "[pop3]") {
  deliver(kFirst);
  deliver(kSecond);
  meanwhile = [this] {
    remove(1);
    deliver(kFirst);
  };
  CHECK(talk(kLogin + "RETR 1\r\nTOP 2 0\r\nRETR 3\r\nDELE 1\r\nQUIT\r\n", 1) ==
        logged_in(2, 62) + "-ERR Another client has removed the message\r\n" +
            "+OK Top of the message follows\r\nSubject: two\r\n\r\n.\r\n" + "-ERR No such message\r\n" +
            "+OK Marked to be deleted\r\n+OK Goodbye, deleted messages are removed\r\n");
  CHECK(uids() == std::vector<std::uint32_t>{2, 3});
}

TEST_CASE_METHOD(Fixture, "a large message streams in pieces and stays whole", "[pop3]") {
  std::string body = "Subject: big\r\n\r\n";
  std::string expected = body;
  for (int i = 0; i < 40'000; ++i) {
    const std::string line = (i % 7 == 0 ? "." : "") + std::string("line ") + std::to_string(i) + "\r\n";
    body += line;
    expected += (i % 7 == 0 ? "." : "") + line;
  }
  REQUIRE(body.size() > 6 * kChunk);
  deliver(body);
  const std::string output = talk(kLogin + "RETR 1\r\nTOP 1 2\r\nQUIT\r\n", 4096);
  CHECK(output == logged_in(1, body.size()) + "+OK " + std::to_string(body.size()) + " octets\r\n" + expected +
                      ".\r\n" + "+OK Top of the message follows\r\nSubject: big\r\n\r\n..line 0\r\nline 1\r\n.\r\n" +
                      kGoodbye);
}

TEST_CASE_METHOD(Fixture, "the listener is told of a login, and not before", "[pop3][limits]") {
  talk("CAPA\r\nUSER ada@example.test\r\nPASS wrong\r\nQUIT\r\n", 4096);
  CHECK(told == 0);
  talk(kLogin + "QUIT\r\n", 4096);
  CHECK(told == 1);
}

TEST_CASE_METHOD(Fixture, "bad commands end the session at the limit", "[pop3][limits]") {
  CHECK(kMaxBadBeforeLogin == 3);
  CHECK(kMaxBadAfterLogin == 20);
  CHECK(talk("FROB\r\nSTAT\r\nCAPA x\r\nQUIT\r\n", 4096) ==
        kHello + "-ERR Unknown command\r\n-ERR Log in first\r\n-ERR No argument expected\r\n");
  std::string input = kLogin;
  std::string expected = logged_in(0, 0);
  for (unsigned i = 0; i < kMaxBadAfterLogin; ++i) {
    input += "FROB\r\n";
    expected += "-ERR Unknown command\r\n";
  }
  CHECK(talk(input + "QUIT\r\n", 4096) == expected);
}

TEST_CASE_METHOD(Fixture, "lines over the limit are dropped whole", "[pop3][limits]") {
  const auto step = GENERATE(std::size_t{1}, 4096u);
  const std::string fits = "USER " + std::string(kMaxLineBeforeLogin - 7, 'x') + "\r\n";
  const std::string too_long = "USER " + std::string(kMaxLineBeforeLogin - 6, 'x') + "\r\n";
  CHECK(talk(fits + too_long + "QUIT\r\n", step) ==
        kHello + "+OK Now the password\r\n-ERR Line too long\r\n" + kGoodbye);
  const std::string after = "FROB" + std::string(kMaxLineAfterLogin, ' ') + "\r\n";
  CHECK(talk(kLogin + after + "STAT\r\nQUIT\r\n", step) ==
        logged_in(0, 0) + "-ERR Line too long\r\n+OK 0 0\r\n" + kGoodbye);
}
