// Sessions on a scripted stream, whatever the packing of the octets.
#include "common/smtp/server_session.hpp"

#include <filesystem>

#include "common/base/text.hpp"
#include "common/smtp/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
using namespace hearthmail::smtp;

namespace {

struct Stored {
  std::string from;
  std::vector<std::string> to;
  std::string message;
  bool from_file = false;
};

// Accepts everybody but nobody@; refuses a message that says so; knows one password.
class TestPolicy : public ServerPolicy {
 public:
  ServerOptions offer;
  std::vector<Stored> stored;
  ClientInfo last_client;

  const ServerOptions& options() const override { return offer; }
  ServerReply check_mail(const ClientInfo& client, const Transaction&) override {
    last_client = client;
    return {250, "2.1.0", "OK"};
  }
  ServerReply check_rcpt(const ClientInfo&, const Transaction&, Recipient& recipient) override {
    if (recipient.address.local == "nobody") return {550, "5.1.1", "Unknown"};
    return {250, "2.1.5", "OK"};
  }
  base::Task<std::vector<ServerReply>> commit(const ClientInfo&, const Transaction& transaction,
                                              const Spool& message) override {
    Stored one;
    one.from = transaction.reverse_path.str();
    for (const auto& recipient : transaction.recipients) one.to.push_back(recipient.address.str());
    one.message = message.read_all("").value_or("unreadable");
    one.from_file = message.in_file();
    stored.push_back(one);
    std::vector<ServerReply> replies;
    if (offer.dialect != Dialect::Lmtp) {
      replies.push_back({250, "2.0.0", "Stored"});
      co_return replies;
    }
    for (const auto& to : one.to) {
      replies.push_back(to == "full@x" ? ServerReply{452, "4.2.2", "Full"}
                                       : ServerReply{250, "2.0.0", "Stored for " + to});
    }
    co_return replies;
  }
  base::Task<base::Result<Login>> authenticate(auth::SaslStep step, std::string) override {
    if (step.login != "anna@x" || step.password.reveal() != "secret")
      co_return base::Error{base::Errc::Denied, "wrong"};
    co_return Login{base::AccountId{7}, "anna@x"};
  }
};

// Moves on with every look, so that slow clients run out of time.
class SlowClock : public base::Clock {
 public:
  base::UnixTime now() const override { return 1'700'000'000; }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point{std::chrono::seconds(20 * ++looks_)};
  }

 private:
  mutable int looks_ = 0;
};

struct Fixture {
  TestPolicy policy;
  base::ManualClock clock{1'700'000'000};
  test::TempDirectory directory;
  std::size_t step = 4096;
  bool tls = false;
  std::size_t tls_from = std::string::npos;
  bool drained = false;

  Fixture() {
    policy.offer.hostname = "mx.test";
    policy.offer.name = "test";
    policy.offer.max_octets = 1000;
    policy.offer.spool_dir = directory.path("spool");
  }

  std::string talk(const std::string& input) { return talk(input, clock); }
  std::string talk(const std::string& input, const base::Clock& time) {
    auto owned = std::make_unique<test::ScriptedStream>(input, step);
    auto output = std::make_shared<std::string>();  // shared with the stream, which the session destroys
    if (tls) owned->set_tls_active();
    if (tls_from != std::string::npos) owned->tls_from(tls_from);
    class Tee : public net::Stream {
     public:
      Tee(std::unique_ptr<test::ScriptedStream> inner, std::string& out, bool& drained)
          : in_(std::move(inner)), out_(out), drained_(drained) {}
      ~Tee() override {
        out_ = in_->output();
        drained_ = in_->drained();
      }
      base::Task<base::Result<std::size_t>> read(std::span<char> b) override { return in_->read(b); }
      base::Task<base::Status> write(std::string_view o) override { return in_->write(o); }
      base::Task<base::Status> start_tls() override { return in_->start_tls(); }
      base::Task<void> shutdown() override { return in_->shutdown(); }
      void set_timeout(std::chrono::milliseconds t) override { in_->set_timeout(t); }
      void close() override { in_->close(); }
      void interrupt() override { in_->interrupt(); }
      bool can_start_tls() const override { return in_->can_start_tls(); }
      net::TlsInfo tls() const override { return in_->tls(); }
      const net::Peer& peer() const override { return in_->peer(); }

     private:
      std::unique_ptr<test::ScriptedStream> in_;
      std::string& out_;
      bool& drained_;
    };
    std::unique_ptr<net::Stream> stream = std::make_unique<Tee>(std::move(owned), *output, drained);
    test::run_task(serve(std::move(stream), policy, time));
    return *output;
  }
  // The replies after the EHLO's own.
  std::string after_hello(const std::string& input, const std::string& hello = "EHLO c.test\r\n") {
    const std::string out = talk(hello + input);
    const std::string last = policy.offer.dialect == Dialect::Lmtp ? "250 LIMITS RCPTMAX=1000\r\n" : "250 HELP\r\n";
    const auto at = out.find(last);
    return at == std::string::npos ? "no EHLO reply: " + out : out.substr(at + last.size());
  }
};

const std::string kBye = "221 2.0.0 Bye\r\n";
const std::string kGo = "354 End with <CR><LF>.<CR><LF>\r\n";
const std::string kMail = "MAIL FROM:<a@b>\r\nRCPT TO:<c@x>\r\n";
const std::string kMailOk = "250 2.1.0 OK\r\n250 2.1.5 OK\r\n";

}  // namespace

TEST_CASE_METHOD(Fixture, "EHLO lists what is offered, RFC 5321 4.1.1.1") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(talk("EHLO client.test\r\nQUIT\r\n") ==
        "220 mx.test ESMTP Hearthmail\r\n"
        "250-mx.test\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
        "250-SMTPUTF8\r\n250-CHUNKING\r\n250-LIMITS RCPTMAX=1000\r\n250 HELP\r\n" +
            kBye);
  policy.offer.auth = true;
  policy.offer.dsn = true;
  CHECK(talk("EHLO c\r\n").find("AUTH") == std::string::npos);  // in clear
  tls = true;
  const auto secure = talk("EHLO c\r\n");
  CHECK(secure.find("250-AUTH SCRAM-SHA-256 PLAIN LOGIN\r\n") != std::string::npos);
  CHECK(secure.find("250-DSN\r\n") != std::string::npos);
  CHECK(secure.find("STARTTLS") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a pipelined transaction, RFC 2920") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(
      after_hello(kMail + "RCPT TO:<nobody@x>\r\nRCPT TO:<d@x>\r\nDATA\r\nSubject: hi\r\n\r\n..dot\r\n.\r\nQUIT\r\n") ==
      kMailOk + "550 5.1.1 Unknown\r\n250 2.1.5 OK\r\n" + kGo + "250 2.0.0 Stored\r\n" + kBye);
  REQUIRE(policy.stored.size() == 1);
  CHECK(policy.stored[0].from == "a@b");
  CHECK(policy.stored[0].to == std::vector<std::string>{"c@x", "d@x"});
  CHECK(policy.stored[0].message == "Subject: hi\r\n\r\n.dot\r\n");
}

TEST_CASE_METHOD(Fixture, "commands out of order, RFC 5321 4.1.4") {
  step = GENERATE(std::size_t{1}, 4096u);
  CHECK(talk("MAIL FROM:<a@b>\r\nQUIT\r\n") == "220 mx.test ESMTP Hearthmail\r\n503 5.5.1 Send EHLO first\r\n" + kBye);
  CHECK(
      after_hello("RCPT TO:<c@x>\r\nDATA\r\nMAIL FROM:<a@b>\r\nDATA\r\nMAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<c@x>\r\n") ==
      "503 5.5.1 Send MAIL first\r\n503 5.5.1 Send MAIL first\r\n250 2.1.0 OK\r\n554 5.5.1 No valid recipients\r\n"
      "503 5.5.1 A transaction is open already\r\n250 2.0.0 Reset\r\n503 5.5.1 Send MAIL first\r\n");
  CHECK(after_hello(kMail + "EHLO c\r\nDATA\r\n").find("503 5.5.1 Send MAIL first") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "VRFY, EXPN, HELP, NOOP, unknown, HELO") {
  CHECK(after_hello("VRFY anna\r\nEXPN list\r\nNOOP x\r\nHELP\r\nWHAT\r\nLHLO c\r\nQUIT now\r\nHELO c\r\n") ==
        "252 2.5.0 Cannot VRFY, but send it and see\r\n502 5.5.1 EXPN is not offered\r\n250 2.0.0 OK\r\n"
        "214-2.0.0 EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY STARTTLS AUTH QUIT\r\n214 2.0.0 See RFC 5321\r\n"
        "500 5.5.1 Command unrecognized\r\n500 5.5.1 Command unrecognized\r\n501 5.5.4 QUIT takes no argument\r\n250 "
        "mx.test\r\n");
}

TEST_CASE_METHOD(Fixture, "bad paths and parameters") {
  CHECK(after_hello("MAIL FROM:a@b\r\nMAIL FROM:<a@b> FOO=1\r\nMAIL FROM:<a@b> SIZE=x\r\nMAIL FROM:<a@b> RET=FULL\r\n"
                    "MAIL FROM:<j\xC3\xB6@b>\r\nMAIL FROM:<j\xC3\xB6@b> SMTPUTF8\r\nRCPT TO:<>\r\nRCPT TO:<c@x> "
                    "NOTIFY=NEVER\r\n") ==
        "501 5.1.7 path is not in angle brackets\r\n555 5.5.4 FOO is not offered\r\n501 5.5.4 bad SIZE parameter\r\n"
        "555 5.5.4 RET is not offered\r\n553 5.6.7 The address needs the SMTPUTF8 parameter\r\n250 2.1.0 OK\r\n"
        "501 5.1.3 a recipient cannot be empty\r\n555 5.5.4 NOTIFY is not offered\r\n");
}

TEST_CASE_METHOD(Fixture, "SIZE is checked at MAIL and while draining, RFC 1870 6.1") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(after_hello("MAIL FROM:<a@b> SIZE=1001\r\n") == "552 5.3.4 Message is too big\r\n");
  const std::string big(1000, 'x');
  CHECK(after_hello(kMail + "DATA\r\n" + big + "\r\n.\r\nNOOP\r\n") ==
        kMailOk + kGo + "552 5.3.4 Message is too big\r\n250 2.0.0 OK\r\n");
  CHECK(policy.stored.empty());
}

TEST_CASE_METHOD(Fixture, "a flood instead of a message is not drained for ever") {
  step = 64 * 1024;
  const std::string flood(200'000, 'x');
  CHECK(after_hello(kMail + "DATA\r\n" + flood + "\r\n.\r\nNOOP\r\n") ==
        kMailOk + kGo + "552 5.3.4 Message is too big\r\n");
  CHECK(after_hello("BDAT 99999999 LAST\r\n") == "503 5.5.1 Send MAIL and RCPT first\r\n");
}

TEST_CASE_METHOD(Fixture, "smuggling: bare line ends are refused after draining, never two messages, RFC 5321 2.3.8") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  const auto* end = GENERATE("\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\r", "\r\r\n.\r\r\n");
  const std::string attack = "MAIL FROM:<evil@b>\r\nRCPT TO:<victim@x>\r\nDATA\r\nsecond\r\n.\r\n";
  const auto out = after_hello(kMail + "DATA\r\nfirst" + end + attack + "QUIT\r\n");
  const std::string kind = std::string(end).find('\n') == 0 || std::string(end) == "\r\n.\n" ? "LF" : "CR";
  CHECK(out == kMailOk + kGo + "550 5.6.0 Message has a bare " + kind + ": lines must end with CRLF\r\n" + kBye);
  CHECK(policy.stored.empty());
}

TEST_CASE_METHOD(Fixture, "a command that ends with a bare LF is not run") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(after_hello("MAIL FROM:<a@b>\nNOOP\r\n") == "500 5.5.2 Lines must end with CRLF\r\n250 2.0.0 OK\r\n");
  CHECK(after_hello("NOOP " + std::string(3000, 'x') + "\r\nNOOP\r\n") ==
        "500 5.5.2 Line is too long\r\n250 2.0.0 OK\r\n");
}

TEST_CASE_METHOD(Fixture, "BDAT chunks make one message, RFC 3030 2") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(after_hello(kMail + "BDAT 7\r\nabc\r\n.\rBDAT 5\r\n\n.\r\nxBDAT 2 LAST\r\n\r\nNOOP\r\n") ==
        kMailOk + "250 2.0.0 7 octets received\r\n250 2.0.0 5 octets received\r\n250 2.0.0 Stored\r\n250 2.0.0 OK\r\n");
  REQUIRE(policy.stored.size() == 1);
  CHECK(policy.stored[0].message == "abc\r\n.\r\n.\r\nx\r\n");
}

TEST_CASE_METHOD(Fixture, "BDAT: empty last chunk, order, and refused chunks are swallowed") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(after_hello(kMail + "BDAT 3\r\nabcBDAT 0 LAST\r\nNOOP\r\n") ==
        kMailOk + "250 2.0.0 3 octets received\r\n250 2.0.0 Stored\r\n250 2.0.0 OK\r\n");
  CHECK(after_hello("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n") == "503 5.5.1 Send MAIL and RCPT first\r\n250 2.0.0 OK\r\n");
  CHECK(after_hello("MAIL FROM:<a@b>\r\nRCPT TO:<nobody@x>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n") ==
        "250 2.1.0 OK\r\n550 5.1.1 Unknown\r\n554 5.5.1 No valid recipients\r\n250 2.0.0 OK\r\n");
  CHECK(after_hello(kMail + "BDAT 3\r\nabcDATA\r\nMAIL FROM:<q@b>\r\nRCPT TO:<q@b>\r\nRSET\r\nBDAT 1\r\nx") ==
        kMailOk +
            "250 2.0.0 3 octets received\r\n503 5.5.1 BDAT has begun: finish it with LAST, or send RSET\r\n"
            "503 5.5.1 BDAT has begun: finish it with LAST, or send RSET\r\n"
            "503 5.5.1 BDAT has begun: finish it with LAST, or send RSET\r\n250 2.0.0 Reset\r\n"
            "503 5.5.1 Send MAIL and RCPT first\r\n");
  CHECK(after_hello(kMail + "BDAT x\r\nNOOP\r\n") ==
        kMailOk + "501 5.5.4 bad chunk size\r\n");  // closed: nothing after it is run
}

TEST_CASE_METHOD(Fixture, "a BDAT chunk that breaks a rule ends the transaction") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(after_hello(kMail + "BDAT 3\r\na\nbBDAT 1 LAST\r\nxNOOP\r\n") ==
        kMailOk +
            "550 5.6.0 Message has a bare LF: lines must end with CRLF\r\n503 5.5.1 Send MAIL and RCPT first\r\n250 "
            "2.0.0 OK\r\n");
  const std::string chunk(600, 'x');
  CHECK(after_hello(kMail + "BDAT 600\r\n" + chunk + "BDAT 600\r\n" + chunk + "BDAT 600 LAST\r\n" + chunk +
                    "NOOP\r\n") == kMailOk +
                                       "250 2.0.0 600 octets received\r\n552 5.3.4 Message is too big\r\n503 5.5.1 "
                                       "Send MAIL and RCPT first\r\n250 2.0.0 OK\r\n");
  CHECK(policy.stored.empty());
}

TEST_CASE_METHOD(Fixture, "STARTTLS forgets everything said in clear, RFC 3207 4.2") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string clear = "EHLO c.test\r\nSTARTTLS\r\nMAIL FROM:<inject@b>\r\nRSET\r\n";
  tls_from = clear.size();
  const auto out =
      talk(clear + "MAIL FROM:<a@b>\r\nEHLO d.test\r\nMAIL FROM:<a@b>\r\nSTARTTLS\r\nRSET\r\nSTARTTLS\r\nQUIT\r\n");
  CHECK(out.find("220 2.0.0 Ready to start TLS\r\n503 5.5.1 Send EHLO first\r\n250-mx.test\r\n") != std::string::npos);
  CHECK(out.find("250 HELP\r\n250 2.1.0 OK\r\n503 5.5.1 Not during a transaction\r\n250 2.0.0 Reset\r\n503 5.5.1 TLS "
                 "is active already\r\n" +
                 kBye) != std::string::npos);
  CHECK(policy.last_client.tls.active);
  CHECK(policy.last_client.hello == "d.test");
}

TEST_CASE_METHOD(Fixture, "AUTH inside TLS only, RFC 4954 4") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(after_hello("AUTH PLAIN\r\n").find("502 5.5.1") == 0);
  policy.offer.auth = true;
  CHECK(after_hello("AUTH PLAIN AGFubmFAeABzZWNyZXQ=\r\n") ==
        "538 5.7.11 AUTH needs TLS: send STARTTLS first, or use port 465\r\n");
  tls = true;
  const std::string plain = base::base64(std::string_view("\0anna@x\0secret", 14));
  CHECK(after_hello("AUTH PLAIN " + plain + "\r\nAUTH PLAIN " + plain + "\r\nMAIL FROM:<a@b>\r\n") ==
        "235 2.7.0 Authenticated\r\n503 5.5.1 Already authenticated\r\n250 2.1.0 OK\r\n");
  CHECK(policy.last_client.account == base::AccountId{7});
  CHECK(after_hello("AUTH PLAIN\r\n" + plain + "\r\n") == "334 \r\n235 2.7.0 Authenticated\r\n");
  CHECK(after_hello("AUTH LOGIN\r\n" + base::base64("anna@x") + "\r\n" + base::base64("secret") + "\r\n") ==
        "334 " + base::base64("Username:") + "\r\n334 " + base::base64("Password:") +
            "\r\n235 2.7.0 Authenticated\r\n");
  CHECK(after_hello("AUTH LOGIN\r\n*\r\nAUTH GSSAPI\r\nMAIL FROM:<a@b>\r\nAUTH PLAIN " + plain + "\r\n") ==
        "334 " + base::base64("Username:") +
            "\r\n501 5.5.2 Authentication exchange is malformed or was cancelled\r\n"
            "504 5.5.4 Mechanism is not offered\r\n250 2.1.0 OK\r\n503 5.5.1 Not during a transaction\r\n");
}

TEST_CASE_METHOD(Fixture, "three wrong passwords end the session; an AUTH line has its own limit") {
  step = GENERATE(std::size_t{3}, 4096u);
  policy.offer.auth = true;
  tls = true;
  const std::string wrong = "AUTH PLAIN " + base::base64(std::string_view("\0anna@x\0wrong", 13)) + "\r\n";
  CHECK(after_hello(wrong + wrong + wrong + "NOOP\r\n") ==
        "535 5.7.8 Wrong name or password\r\n535 5.7.8 Wrong name or password\r\n535 5.7.8 Wrong name or password\r\n"
        "421 4.7.0 Too many failed logins\r\n");
  CHECK(after_hello("AUTH PLAIN " + std::string(4000, 'A') + "\r\nNOOP\r\n").find("500 5.5.2") == std::string::npos);
  CHECK(after_hello("AUTH PLAIN " + std::string(kMaxAuthLine, 'A') + "\r\nNOOP\r\n") ==
        "500 5.5.2 Line is too long\r\n250 2.0.0 OK\r\n");
  CHECK(after_hello("AUTH PLAIN\r\n" + std::string(kMaxAuthLine, 'A') + "\r\nNOOP\r\n") ==
        "334 \r\n500 5.5.6 AUTH line is too long\r\n250 2.0.0 OK\r\n");
}

TEST_CASE("the limits of a session are those that were agreed", "[limits]") {
  CHECK(kMaxCommandLine == 2'048);
  CHECK(kMaxAuthLine == 12'288);
  CHECK(kMaxRecipients == 1'000);
  CHECK(kMaxHops == 50);
  CHECK(kMaxErrors == 20);
  CHECK(kMaxJunk == 100);
}

TEST_CASE_METHOD(Fixture, "a command line has 2,048 octets, a line of AUTH 12,288", "[limits]") {
  step = GENERATE(std::size_t{3}, 4096u);
  const auto line = [](const std::string& start, std::size_t octets) {
    return start + std::string(octets - start.size() - 2, 'A') + "\r\n";
  };
  const std::string too_long = "500 5.5.2 Line is too long\r\n";
  CHECK(after_hello(line("NOOP ", 2'048) + line("NOOP ", 2'049)) == "250 2.0.0 OK\r\n" + too_long);
  CHECK(after_hello(line("MAIL FROM:<a@b> X=", 2'049)) == too_long);
  policy.offer.auth = true;
  tls = true;
  const std::string malformed = "501 5.5.2 Authentication exchange is malformed or was cancelled\r\n";
  CHECK(after_hello(line("AUTH PLAIN ", 12'288) + line("AUTH PLAIN ", 12'289)) == malformed + too_long);
}

TEST_CASE_METHOD(Fixture, "20 errors or 100 commands without a message end the session") {
  const auto repeat = [](const std::string& text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
  };
  CHECK(after_hello(repeat("WHAT\r\n", kMaxErrors) + "NOOP\r\nNOOP\r\n") ==
        repeat("500 5.5.1 Command unrecognized\r\n", kMaxErrors) + "421 4.7.0 Too many errors\r\n");
  CHECK(after_hello(repeat("NOOP\r\n", kMaxJunk)) ==
        repeat("250 2.0.0 OK\r\n", kMaxJunk - 1) + "421 4.7.0 Too many commands without a message\r\n");
  // A delivered message starts the count anew.
  const std::string message = kMail + "DATA\r\nx\r\n.\r\n";
  CHECK(after_hello(repeat("WHAT\r\n", 19) + message + repeat("WHAT\r\n", 19) + "QUIT\r\n").find("421") ==
        std::string::npos);
}

TEST_CASE_METHOD(Fixture, "the recipient after the last one is told to come later, RFC 5321 4.5.3.1.10") {
  std::string input = "MAIL FROM:<a@b>\r\n";
  for (std::size_t i = 0; i < kMaxRecipients + 1; ++i) input += "RCPT TO:<c" + std::to_string(i) + "@x>\r\n";
  const auto out = after_hello(input + "DATA\r\nx\r\n.\r\n");
  CHECK(out.find("250 2.1.5 OK\r\n452 4.5.3 Too many recipients\r\n354") != std::string::npos);
  REQUIRE(policy.stored.size() == 1);
  CHECK(policy.stored[0].to.size() == kMaxRecipients);
}

TEST_CASE_METHOD(Fixture, "another protocol on this port is not talked to") {
  CHECK(talk("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "220 mx.test ESMTP Hearthmail\r\n");
  CHECK(talk("POST / HTTP/1.1\r\nEHLO c\r\n") == "220 mx.test ESMTP Hearthmail\r\n");
  CHECK(after_hello("GET /\r\n") == "500 5.5.1 Command unrecognized\r\n");
}

TEST_CASE_METHOD(Fixture, "LMTP answers per recipient, RFC 2033 4.2") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  policy.offer.dialect = Dialect::Lmtp;
  policy.offer.line_endings = LineEndings::Keep;
  const std::string two = "MAIL FROM:<>\r\nRCPT TO:<c@x>\r\nRCPT TO:<nobody@x>\r\nRCPT TO:<full@x>\r\n";
  const std::string two_ok = "250 2.1.0 OK\r\n250 2.1.5 OK\r\n550 5.1.1 Unknown\r\n250 2.1.5 OK\r\n";
  const std::string each = "250 2.0.0 Stored for c@x\r\n452 4.2.2 Full\r\n";
  CHECK(talk("EHLO c\r\nHELO c\r\nMAIL FROM:<>\r\n") ==
        "220 mx.test LMTP Hearthmail\r\n500 5.5.1 Command unrecognized\r\n500 5.5.1 Command unrecognized\r\n503 5.5.1 "
        "Send LHLO first\r\n");
  CHECK(after_hello(two + "DATA\r\nbare\nline\r\n.\r\nNOOP\r\n", "LHLO c\r\n") ==
        two_ok + kGo + each + "250 2.0.0 OK\r\n");
  CHECK(policy.stored[0].message == "bare\nline\r\n");
  CHECK(after_hello(two + "BDAT 2\r\nabBDAT 2 LAST\r\ncdNOOP\r\n", "LHLO c\r\n") ==
        two_ok + "250 2.0.0 2 octets received\r\n" + each + "250 2.0.0 OK\r\n");
  CHECK(after_hello("MAIL FROM:<>\r\nRCPT TO:<nobody@x>\r\nDATA\r\nBDAT 2 LAST\r\n\r\nNOOP\r\n", "LHLO c\r\n") ==
        "250 2.1.0 OK\r\n550 5.1.1 Unknown\r\n503 5.5.1 No valid recipients\r\n503 5.5.1 No valid recipients\r\n"
        "250 2.0.0 OK\r\n");
  const std::string nul = std::string("a\0b", 3);
  CHECK(after_hello(two + "DATA\r\n" + nul + "\r\n.\r\n", "LHLO c\r\n") ==
        two_ok + kGo + "550 5.6.0 Message has a NUL octet\r\n550 5.6.0 Message has a NUL octet\r\n");
}

TEST_CASE_METHOD(Fixture, "a large message waits in a file that has no name") {
  policy.offer.max_octets = 4 * kSpoolMemory;
  std::string line(998, 'x');
  line += "\r\n";
  std::string body;
  while (body.size() < 2 * kSpoolMemory) body += line;
  CHECK(after_hello(kMail + "DATA\r\n" + body + ".\r\n") == kMailOk + kGo + "250 2.0.0 Stored\r\n");
  REQUIRE(policy.stored.size() == 1);
  CHECK(policy.stored[0].from_file);
  CHECK(policy.stored[0].message == body);
  CHECK(std::filesystem::is_empty(directory.path("spool")));
  CHECK(after_hello(kMail + "DATA\r\nsmall\r\n.\r\n") == kMailOk + kGo + "250 2.0.0 Stored\r\n");
  CHECK_FALSE(policy.stored[1].from_file);
}

TEST_CASE_METHOD(Fixture, "a spool that cannot be written is a temporary refusal, and the dialog goes on") {
  policy.offer.max_octets = 4 * kSpoolMemory;
  policy.offer.spool_dir = directory.path("missing/spool");
  const std::string body(kSpoolMemory + 1, 'x');
  CHECK(after_hello(kMail + "DATA\r\n" + body + "\r\n.\r\nNOOP\r\n") ==
        kMailOk + kGo + "452 4.3.1 Insufficient storage, try again later\r\n250 2.0.0 OK\r\n");
}

TEST_CASE_METHOD(Fixture, "who drips a line for five minutes is told so, RFC 5321 4.5.3.2.7") {
  step = 1;
  const SlowClock slow;  // 20 seconds per look: 15 octets are too many
  CHECK(talk("NOOP xxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", slow) ==
        "220 mx.test ESMTP Hearthmail\r\n421 4.4.2 Timeout, closing\r\n");
}

TEST_CASE_METHOD(Fixture, "a peer that goes in the middle leaves nothing behind") {
  step = GENERATE(std::size_t{1}, 4096u);
  CHECK(after_hello(kMail + "DATA\r\nhalf a mess") == kMailOk + kGo);
  CHECK(after_hello(kMail + "BDAT 100 LAST\r\nhalf") == kMailOk);
  CHECK(policy.stored.empty());
}
