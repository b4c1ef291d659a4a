// Submission sessions on a scripted stream, against real accounts and a real queue.
#include <map>

#include "common/auth/password.hpp"
#include "common/base/text.hpp"
#include "common/smtp/server_session.hpp"
#include "relay/submission/message.hpp"
#include "relay/submission/policy.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/recorder.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
using namespace hearthmail::relay::submission;
namespace accounts = hearthmail::store::accounts;
namespace queue = hearthmail::store::queue;
using hearthmail::store::lmdb::ReadTxn;
using hearthmail::store::lmdb::WriteTxn;

namespace {

constexpr base::UnixTime kNow = 1'795'495'130;
const std::string kBye = "221 2.0.0 Bye\r\n";
const std::string kGo = "354 End with <CR><LF>.<CR><LF>\r\n";

struct Fixture {
  test::TempDirectory directory;
  base::ManualClock clock{kNow};
  net::Workers workers{1, 100};
  std::unique_ptr<accounts::Store> people = std::move(accounts::Store::open(directory.path("accounts"))).value();
  std::unique_ptr<queue::Store> outgoing = std::move(queue::Store::open(directory.path("queue"))).value();
  std::string hash = auth::hash_password("secret");
  auth::Authenticator authenticator{workers, [this](std::string_view login) { return look_up(login); }, clock};
  Services services{workers,
                    authenticator,
                    *people,
                    *outgoing,
                    clock,
                    "mx.test",
                    directory.path("spool"),
                    directory.path("relay.bell"),
                    2000};
  base::AccountId anna;
  base::AccountId berta;
  bool tls = true;
  std::size_t step = 4096;
  std::chrono::milliseconds waited{0};

  Fixture() {
    const auto made = people->env().write([this](WriteTxn& txn) -> base::Status {
      TRY(accounts::add_domain(txn, "x.test"));
      TRY(accounts::add_domain(txn, "y.test"));
      TRY_ASSIGN(anna, accounts::add_account(txn, "anna@x.test", hash, kNow));
      TRY_ASSIGN(berta, accounts::add_account(txn, "berta@x.test", hash, kNow));
      return accounts::set_alias(txn, "info@y.test", {"anna@x.test"});
    });
    REQUIRE(made.ok());
  }

  base::Result<std::optional<auth::Credential>> look_up(std::string_view login) const {
    TRY_ASSIGN(const auto found,
               people->env().read([&](const ReadTxn& txn) { return accounts::find_account(txn, login); }));
    if (!found) return std::optional<auth::Credential>();
    return std::optional(auth::Credential{found->id, found->address, found->credential, found->disabled});
  }

  std::string talk(const std::string& input) {
    std::string output;
    auto owned = std::make_unique<test::Recorder>(input, step, output);
    if (tls) owned->set_tls_active();
    const auto sleep = [this](std::chrono::milliseconds duration) -> base::Task<void> { return note(duration); };
    Policy policy(services, "submission", sleep);
    std::unique_ptr<net::Stream> stream = std::move(owned);
    test::run_task(smtp::serve(std::move(stream), policy, clock));
    return output;
  }
  base::Task<void> note(std::chrono::milliseconds duration) {
    waited += duration;
    co_return;
  }
  // What is said after AUTH.
  std::string as_anna(const std::string& input) {
    const std::string plain = base::base64(std::string_view("\0anna@x.test\0secret", 19));
    const std::string out = talk("EHLO laptop.home\r\nAUTH PLAIN " + plain + "\r\n" + input);
    const std::string welcome = "235 2.7.0 Authenticated\r\n";
    const auto at = out.find(welcome);
    return at == std::string::npos ? "no login: " + out : out.substr(at + welcome.size());
  }
  std::vector<queue::Entry> entries() {
    return outgoing->env().read([](const ReadTxn& txn) { return queue::list(txn, 100); }).value_or({});
  }
  std::string body(base::QueueId id) {
    return outgoing->env()
        .read([id](const ReadTxn& txn) { return queue::read_body(txn, id, 0, 1 << 20); })
        .value_or("unreadable");
  }
  // Sends one message; returns the last reply.
  std::string send(const std::string& message, const std::string& from = "anna@x.test") {
    const auto out =
        as_anna("MAIL FROM:<" + from + ">\r\nRCPT TO:<friend@far.example>\r\nDATA\r\n" + message + ".\r\n");
    const auto at = out.find(kGo);
    return at == std::string::npos ? out : out.substr(at + kGo.size());
  }
};

const std::string kHeader =
    "From: Anna <anna@x.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@home>\r\n";

}  // namespace

TEST_CASE_METHOD(Fixture, "a message is queued byte for byte with its DSN parameters, RFC 6409 and RFC 3461") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string message = kHeader + "To: friend@far.example\r\nSubject:   odd\t spacing \r\n\r\nbody\r\n";
  CHECK(as_anna("MAIL FROM:<anna+news@x.test> RET=HDRS ENVID=a+2Bb BODY=8BITMIME SMTPUTF8\r\n"
                "RCPT TO:<friend@far.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;old+2B@far.example\r\n"
                "RCPT TO:<berta@x.test>\r\nDATA\r\n" +
                message + ".\r\nQUIT\r\n") ==
        "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n250 2.1.5 Recipient OK\r\n" + kGo +
            "250 2.0.0 queued as 1\r\n" + kBye);
  const auto waiting = entries();
  REQUIRE(waiting.size() == 1);
  const auto& envelope = waiting[0].envelope;
  CHECK(envelope.reverse_path == "anna+news@x.test");
  CHECK(envelope.account == anna);
  CHECK(envelope.envid == "a+b");
  CHECK(envelope.ret == queue::Ret::Headers);
  CHECK(envelope.eight_bit);
  CHECK(envelope.smtputf8);
  CHECK(envelope.arrived == kNow);
  CHECK(envelope.message_id == "<1@home>");
  REQUIRE(waiting[0].recipients.size() == 2);
  CHECK(waiting[0].recipients[0].address == "friend@far.example");
  CHECK(waiting[0].recipients[0].original == "rfc822;old+2B@far.example");
  CHECK(waiting[0].recipients[0].notify == (queue::kNotifySuccess | queue::kNotifyDelay));
  CHECK(waiting[0].recipients[1].notify == queue::kNotifyDefault);
  const std::string stored = body(waiting[0].id);
  REQUIRE(stored.size() > message.size());
  CHECK(stored.substr(stored.size() - message.size()) == message);
  const std::string trace = stored.substr(0, stored.size() - message.size());
  CHECK(trace.find("Received: by mx.test (Hearthmail, authenticated client)\r\n\twith UTF8SMTPSA (TLSv1.3") == 0);
  CHECK(trace.find("laptop.home") == std::string::npos);  // where the user sits stays here
  CHECK(trace.find("192.0.2.1") == std::string::npos);
  CHECK(trace.find(";\r\n\t" + base::rfc5322_date(kNow)) != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "nobody sends without TLS and AUTH, RFC 4954 6") {
  step = GENERATE(std::size_t{1}, 4096u);
  CHECK(talk("EHLO c\r\nMAIL FROM:<anna@x.test>\r\nQUIT\r\n")
            .find("250 HELP\r\n530 5.7.0 Authentication required\r\n" + kBye) != std::string::npos);
  tls = false;
  const auto clear = talk("EHLO c\r\nMAIL FROM:<anna@x.test>\r\nAUTH PLAIN\r\nRCPT TO:<a@b>\r\n");
  CHECK(clear.find("250-STARTTLS\r\n") != std::string::npos);
  CHECK(clear.find("AUTH PLAIN LOGIN") == std::string::npos);
  CHECK(clear.find("530 5.7.0 Must issue a STARTTLS command first\r\n538 5.7.11 ") != std::string::npos);
  CHECK(entries().empty());
}

TEST_CASE_METHOD(Fixture, "a wrong password costs time and gives nothing away") {
  const std::string wrong = base::base64(std::string_view("\0anna@x.test\0guess", 18));
  CHECK(talk("EHLO c\r\nAUTH PLAIN " + wrong + "\r\nMAIL FROM:<anna@x.test>\r\n")
            .find("535 5.7.8 Wrong name or password\r\n530 5.7.0 ") != std::string::npos);
  CHECK(waited > std::chrono::milliseconds{0});
}

TEST_CASE_METHOD(Fixture, "the sender must be an address that the account receives, and the refusal names the fix") {
  step = GENERATE(std::size_t{1}, 4096u);
  CHECK(as_anna("MAIL FROM:<berta@x.test>\r\nMAIL FROM:<b@y.test>\r\nMAIL FROM:<b@far.example>\r\nMAIL "
                "FROM:<info@y.test>\r\nRSET\r\n"
                "MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<Anna+tag@X.test>\r\n") ==
        "553 5.7.1 anna@x.test may not send as berta@x.test; add it: hearthmail alias add berta@x.test anna@x.test\r\n"
        "553 5.7.1 anna@x.test may not send as b@y.test; add it: hearthmail alias add b@y.test anna@x.test\r\n"
        "553 5.7.1 anna@x.test may not send as b@far.example; far.example is not a domain of this server: hearthmail "
        "domain add "
        "far.example, then hearthmail alias add b@far.example anna@x.test\r\n"
        "250 2.1.0 Sender OK\r\n250 2.0.0 Reset\r\n250 2.1.0 Sender OK\r\n250 2.0.0 Reset\r\n250 2.1.0 Sender OK\r\n");
}

TEST_CASE_METHOD(Fixture, "every From and Sender is held to the same rule, RFC 6409 6.1") {
  const std::string rest = "Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@home>\r\n\r\nx\r\n";
  CHECK(send("From: anna@x.test\r\n" + rest).find("250 ") == 0);
  CHECK(send("From: \"berta@x.test\" <info@y.test>\r\n" + rest).find("250 ") == 0);
  CHECK(send("From: Anna <anna@x.test>, Berta <berta@x.test>\r\n" + rest)
            .find("550 5.7.1 anna@x.test may not send as berta@x.test") == 0);
  CHECK(send("From: anna@x.test\r\nFrom: berta@x.test\r\n" + rest).find("550 5.7.1 ") == 0);
  CHECK(send("From: anna@x.test\r\nSender: berta@x.test\r\n" + rest).find("550 5.7.1 ") == 0);
  CHECK(send("From: g: berta@x.test, anna@x.test;\r\n" + rest).find("550 5.7.1 ") == 0);
  CHECK(send("From: boss@far.example\r\n" + rest, "").find("550 5.7.1 ") == 0);
  CHECK(send("From: nobody\r\n" + rest).find("550 5.7.1 ") == 0);
  CHECK(send("From: undisclosed:;\r\n" + rest) == "550 5.6.0 Message has no address in a From field\r\n");
  CHECK(send(rest) == "550 5.6.0 Message has no address in a From field\r\n");
  CHECK(entries().size() == 2);
}

TEST_CASE_METHOD(Fixture, "a header too large to be checked is refused: no author hides behind a limit") {
  services.max_message_octets = 4'000'000;
  std::string many;
  for (std::size_t i = 0; i < mime::kMaxHeaderLines; ++i) many += "X: y\r\n";
  CHECK(send(kHeader + many + "From: berta@x.test\r\n\r\nx\r\n") == "550 5.6.0 Message header is too large\r\n");
  CHECK(send(kHeader + "X: " + std::string(mime::kMaxHeaderParsed, 'y') + "\r\nFrom: berta@x.test\r\n\r\n") ==
        "550 5.6.0 Message header is too large\r\n");
  CHECK(send("From: anna@x.test,\r\n " + std::string(mime::kMaxHeaderField, ' ') + "berta@x.test\r\n\r\n") ==
        "550 5.6.0 From field is too large\r\n");
  CHECK(entries().empty());
}

TEST_CASE_METHOD(Fixture, "recipients of our own domains must exist; postmaster always does, RFC 5321 4.5.1") {
  CHECK(as_anna(
            "MAIL FROM:<anna@x.test>\r\nRCPT TO:<ghost@x.test>\r\nRCPT TO:<info@y.test>\r\nRCPT TO:<berta+x@x.test>\r\n"
            "RCPT TO:<postmaster@y.test>\r\nRCPT TO:<Postmaster>\r\nRCPT TO:<any@far.example>\r\n") ==
        "250 2.1.0 Sender OK\r\n550 5.1.1 No such user here\r\n250 2.1.5 Recipient OK\r\n250 2.1.5 Recipient OK\r\n"
        "250 2.1.5 Recipient OK\r\n250 2.1.5 Recipient OK\r\n250 2.1.5 Recipient OK\r\n");
}

TEST_CASE_METHOD(Fixture, "Bcc goes, Message-ID and Date come, RFC 6409 8.2 and 8.3") {
  REQUIRE(send("From: anna@x.test\r\nBcc: secret@far.example,\r\n other@far.example\r\nTo: "
               "a@far.example\r\nresent-bcc: z@far.example\r\n\r\nBcc: in the body\r\n")
              .find("250 ") == 0);
  const auto waiting = entries();
  REQUIRE(waiting.size() == 1);
  const std::string stored = body(waiting[0].id);
  CHECK(stored.find("secret@") == std::string::npos);
  CHECK(stored.find("other@") == std::string::npos);
  CHECK(stored.find("z@far") == std::string::npos);
  CHECK(stored.find("\r\nDate: " + base::rfc5322_date(kNow) + "\r\n") != std::string::npos);
  CHECK(stored.find("\r\nMessage-ID: <") != std::string::npos);
  CHECK(stored.find("@mx.test>\r\n") != std::string::npos);
  CHECK(stored.find("From: anna@x.test\r\nTo: a@far.example\r\n\r\nBcc: in the body\r\n") != std::string::npos);
  CHECK(waiting[0].envelope.message_id.find("@mx.test>") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "bare LF of scripts becomes CRLF, a bare CR is refused, 8-bit is noticed") {
  REQUIRE(send("From: anna@x.test\nSubject: script\n\ncaf\xC3\xA9\r\n").find("250 ") == 0);
  CHECK(send("From: anna@x.test\r\n\r\na\rb\r\n").find("550 5.6.0 Message has a bare CR") == 0);
  const auto waiting = entries();
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].envelope.eight_bit);
  CHECK(body(waiting[0].id).find("Subject: script\r\n\r\ncaf\xC3\xA9\r\n") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a mail loop ends here, RFC 5321 6.3; too big is said at MAIL and after DATA") {
  services.max_message_octets = 100'000;
  std::string hops;
  for (std::size_t i = 0; i <= smtp::kMaxHops; ++i)
    hops += "Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0100\r\n";
  CHECK(send(hops + kHeader + "\r\n") == "554 5.4.6 Too many hops, this is a mail loop\r\n");
  CHECK(as_anna("MAIL FROM:<anna@x.test> SIZE=100001\r\n") == "552 5.3.4 Message is too big\r\n");
  CHECK(send(kHeader + "\r\n" + std::string(100'000, 'x') + "\r\n") == "552 5.3.4 Message is too big\r\n");
  CHECK(entries().empty());
}

TEST_CASE_METHOD(Fixture, "BDAT submission, RFC 3030") {
  step = GENERATE(std::size_t{1}, 4096u);
  const std::string message = kHeader + "\r\n.\r\n";
  CHECK(as_anna("MAIL FROM:<anna@x.test>\r\nRCPT TO:<a@far.example>\r\nBDAT " + std::to_string(message.size()) +
                " LAST\r\n" + message + "QUIT\r\n") ==
        "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n250 2.0.0 queued as 1\r\n" + kBye);
  CHECK(body(entries().at(0).id).find("\r\n\r\n.\r\n") != std::string::npos);
}
