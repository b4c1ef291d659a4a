#include "common/base/text.hpp"
#include "common/smtp/client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"

using namespace hearthmail;
using smtp::Client;
using smtp::ClientOptions;
using smtp::Security;
using smtp::Stage;
using test::ScriptedStream;

namespace {

// What the peer says: before TLS, then (if any) after it.
struct Script {
  std::string clear;
  std::string secured;
};

// A Stream that outlives the client's copy: the client owns this shell, the test keeps the scripted stream.
class Borrowed : public net::Stream {
 public:
  explicit Borrowed(ScriptedStream& inner) : inner_(inner) {}
  base::Task<base::Result<std::size_t>> read(std::span<char> buffer) override { return inner_.read(buffer); }
  base::Task<base::Status> write(std::string_view octets) override { return inner_.write(octets); }
  base::Task<base::Status> start_tls() override { return inner_.start_tls(); }
  base::Task<void> shutdown() override { return inner_.shutdown(); }
  void set_timeout(std::chrono::milliseconds timeout) override { inner_.set_timeout(timeout); }
  void close() override { inner_.close(); }
  void interrupt() override { inner_.interrupt(); }
  bool can_start_tls() const override { return inner_.can_start_tls(); }
  net::TlsInfo tls() const override { return inner_.tls(); }
  const net::Peer& peer() const override { return inner_.peer(); }

 private:
  ScriptedStream& inner_;
};

class ScriptedDialer : public smtp::Dialer {
 public:
  ScriptedDialer(const Script& script, std::size_t step) : stream(script.clear + script.secured, step) {
    stream.tls_from(script.clear.size());
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial() override {
    if (refuse) co_return base::Error{base::Errc::Unavailable, "connection refused"};
    std::unique_ptr<net::Stream> out = std::make_unique<Borrowed>(stream);
    co_return out;
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> secure(std::unique_ptr<net::Stream> plain) override {
    if (bad_certificate) co_return base::Error{base::Errc::Protocol, "certificate has expired"};
    auto done = co_await plain->start_tls();
    if (!done.ok()) co_return done.error();
    co_return plain;
  }
  ScriptedStream stream;
  bool refuse = false;
  bool bad_certificate = false;
};

class Text : public smtp::BodySource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  base::Result<std::string> next() override {
    if (fail) return base::Error{base::Errc::Corrupt, "checksum"};
    return std::exchange(text_, {});
  }
  bool fail = false;

 private:
  std::string text_;
};

const std::string kOffers = "250-mx\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000\r\n";
const std::string kGreetTls = "220 mx\r\n";

struct Fixture {
  std::size_t step = GENERATE(std::size_t{1}, 3u, 4096u);  // octets per read
  ClientOptions options = [] {
    ClientOptions o;
    o.hello = "home.example.test";
    return o;
  }();
  std::vector<std::size_t> committed;
  bool refuse_commit = false;
  std::string at_commit;  // what had been written when the commit was made

  std::optional<smtp::SessionFault> open(const Script& script) {
    dialer = std::make_unique<ScriptedDialer>(script, step);
    prepare(*dialer);
    client = std::make_unique<Client>(*dialer, options);
    return test::run_task(client->open());
  }
  base::Task<base::Status> commit(std::vector<std::size_t> accepted) {
    committed = std::move(accepted);
    at_commit = dialer->stream.output();
    if (refuse_commit) co_return base::Error{base::Errc::Unavailable, "disk full"};
    co_return base::ok();
  }
  smtp::Transfer send(std::vector<std::string> to, const std::string& text = "Subject: x\r\n\r\n.dot\r\n") {
    smtp::OutgoingEnvelope envelope;
    envelope.reverse_path = "anna@example.test";
    envelope.octets = text.size();
    for (auto& address : to) envelope.recipients.push_back({address, "", ""});
    Text body(text);
    body.fail = broken_body;
    const smtp::BeforeFinalDot before = [this](std::vector<std::size_t> accepted) {
      return commit(std::move(accepted));
    };
    return test::run_task(client->send(envelope, body, before));
  }
  std::function<void(ScriptedDialer&)> prepare = [](ScriptedDialer&) {};
  bool broken_body = false;
  std::unique_ptr<ScriptedDialer> dialer;
  std::unique_ptr<Client> client;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a message goes through implicit TLS and AUTH PLAIN, RFC 5321, RFC 8314, RFC 4954") {
  options.user = "u";
  options.password = base::Secret("p");
  REQUIRE_FALSE(open({"", kGreetTls + kOffers +
                              "235 ok\r\n250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n250 2.0.0 q\r\n221 bye\r\n"}));
  const auto done = send({"b@x.example", "c@x.example"});
  CHECK_FALSE(done.fault);
  CHECK(done.answers[0].reply->code == 250);
  CHECK(done.answers[1].reply->code == 550);
  CHECK(committed == std::vector<std::size_t>{0});
  CHECK(client->reusable());
  test::run_task(client->quit());
  CHECK(dialer->stream.output() ==
        "EHLO home.example.test\r\nAUTH PLAIN " + base::base64(std::string("\0u\0p", 4)) +
            "\r\nMAIL FROM:<anna@example.test> SIZE=20\r\nRCPT TO:<b@x.example>\r\nRCPT TO:<c@x.example>\r\nDATA\r\n"
            "Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n");
  // The commit came after the message and before the final dot.
  CHECK(at_commit.ends_with("..dot\r\n"));
}

TEST_CASE_METHOD(Fixture, "STARTTLS is followed by a new EHLO, RFC 3207 4.2") {
  options.security = Security::StartTls;
  options.user = "u";
  options.password = base::Secret("p");
  REQUIRE_FALSE(open({"220 mx\r\n250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n220 go\r\n", kOffers + "235 ok\r\n"}));
  CHECK(dialer->stream.output() == "EHLO home.example.test\r\nSTARTTLS\r\nEHLO home.example.test\r\nAUTH PLAIN " +
                                       base::base64(std::string("\0u\0p", 4)) + "\r\n");
  CHECK(client->peer().max_octets == 1000);
  CHECK_FALSE(client->peer().starttls);  // what was said in clear is forgotten
}

TEST_CASE_METHOD(Fixture, "without STARTTLS nothing is sent in clear") {
  options.security = Security::StartTls;
  options.user = "u";
  options.password = base::Secret("p");
  const auto fault = open({"220 mx\r\n250-mx\r\n250 AUTH PLAIN\r\n", ""});
  REQUIRE(fault);
  CHECK(fault->stage == Stage::StartTls);
  CHECK(dialer->stream.output() == "EHLO home.example.test\r\n");
  CHECK(dialer->stream.closed());
}

TEST_CASE_METHOD(Fixture, "octets in clear behind STARTTLS's reply end the session, RFC 3207 4.2") {
  options.security = Security::StartTls;
  const auto fault = open({"220 mx\r\n250 STARTTLS\r\n250-mx\r\n", ""});
  REQUIRE(fault);
  const auto injected = open({"220 mx\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n250 AUTH PLAIN\r\n", kOffers});
  if (step > 3) {  // one octet at a time the injection has not been read yet, and TLS drops it
    REQUIRE(injected);
    CHECK(injected->stage == Stage::StartTls);
  }
}

TEST_CASE_METHOD(Fixture, "each refusal before MAIL is a fault of the session with its stage") {
  options.user = "u";
  options.password = base::Secret("p");
  const auto stage_of = [this](const std::string& script) {
    const auto fault = open({"", script});
    REQUIRE(fault);
    CHECK(dialer->stream.closed());
    CHECK(fault->error.text.find("password") == std::string::npos);
    return fault->stage;
  };
  CHECK(stage_of("554 go away\r\n") == Stage::Greeting);
  CHECK(stage_of("220 mx\r\n502 no EHLO\r\n") == Stage::Ehlo);
  CHECK(stage_of("220 mx\r\n250 mx\r\n") == Stage::Auth);  // no AUTH offered
  CHECK(stage_of(kGreetTls + kOffers + "535 5.7.8 bad\r\n") == Stage::Auth);
  CHECK(stage_of(kGreetTls + kOffers + "454 4.7.0 later\r\n") == Stage::Auth);
  CHECK(stage_of("") == Stage::Greeting);
  CHECK(stage_of("220 mx\r\n") == Stage::Ehlo);
  CHECK(stage_of("what?\r\n") == Stage::Greeting);
  options.auth = "cram-md5";  // pinned and not offered: no weaker one is tried
  CHECK(stage_of(kGreetTls + kOffers) == Stage::Auth);
}

TEST_CASE_METHOD(Fixture, "connect and certificate faults name their stage") {
  prepare = [](ScriptedDialer& d) { d.refuse = true; };
  CHECK(open({"", kGreetTls})->stage == Stage::Connect);
  prepare = [](ScriptedDialer& d) { d.bad_certificate = true; };
  CHECK(open({"", kGreetTls})->stage == Stage::Tls);
}

TEST_CASE_METHOD(Fixture, "a connection lost before the dot decides nothing") {
  REQUIRE_FALSE(open({"", kGreetTls + kOffers + "250 ok\r\n250 ok\r\n"}));
  const auto done = send({"b@x.example", "c@x.example"});
  REQUIRE(done.fault);
  CHECK(done.fault->stage == Stage::Rcpt);
  CHECK_FALSE(done.dot_sent);
  CHECK_FALSE(done.answers[0].reply);
  CHECK(committed.empty());
  CHECK_FALSE(client->reusable());
}

TEST_CASE_METHOD(Fixture, "a connection lost after the dot leaves the accepted recipients in doubt") {
  REQUIRE_FALSE(open({"", kGreetTls + kOffers + "250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n"}));
  const auto done = send({"b@x.example", "c@x.example"});
  REQUIRE(done.fault);
  CHECK(done.fault->stage == Stage::Final);
  CHECK(done.dot_sent);
  CHECK_FALSE(done.answers[0].reply);
  CHECK(done.answers[1].reply->code == 550);
  CHECK(done.accepted == std::vector<std::size_t>{0});
}

TEST_CASE_METHOD(Fixture, "no dot is sent when the commit or the body fails") {
  const bool commit_fails = GENERATE(false, true);
  refuse_commit = commit_fails;
  broken_body = !commit_fails;
  REQUIRE_FALSE(open({"", kGreetTls + kOffers + "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"}));
  const auto done = send({"b@x.example"});
  CHECK(done.fault);
  CHECK(done.local_fault);
  CHECK_FALSE(done.dot_sent);
  CHECK(dialer->stream.closed());
  CHECK_FALSE(dialer->stream.output().ends_with("\r\n.\r\n"));
}

TEST_CASE_METHOD(Fixture, "a 354 for nobody is ended with a lone dot and the connection stays") {
  REQUIRE_FALSE(open({"", kGreetTls + kOffers +
                              "250 ok\r\n550 no\r\n354 go\r\n250 nothing\r\n"
                              "250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"}));
  const auto done = send({"b@x.example"});
  CHECK_FALSE(done.fault);
  CHECK(dialer->stream.output().ends_with("DATA\r\n.\r\n"));
  CHECK(client->reusable());
  const auto next = send({"c@x.example"});
  CHECK_FALSE(next.fault);
  CHECK_FALSE(next.stale);
  CHECK(next.answers[0].reply->code == 250);
  CHECK(dialer->stream.output().find("DATA\r\n.\r\nRSET\r\nMAIL FROM:") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a connection that ended while it was idle is told apart from a failed transaction") {
  const std::string rest =
      GENERATE("", "421 4.4.2 idle for too long\r\n", "500 what\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  REQUIRE_FALSE(open({"", kGreetTls + kOffers + "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n" + rest}));
  CHECK_FALSE(send({"b@x.example"}).stale);
  const auto next = send({"c@x.example"});
  CHECK(next.stale);
  CHECK_FALSE(next.dot_sent);
  CHECK_FALSE(client->reusable());
}

TEST_CASE_METHOD(Fixture, "LMTP greets with LHLO and reads a reply for each recipient, RFC 2033") {
  options.lmtp = true;
  options.security = Security::None;
  REQUIRE_FALSE(open(
      {"220 lmtp\r\n250-home\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 a\r\n452 4.2.2 full\r\n",
       ""}));
  const auto done = send({"b@example.test", "c@example.test"});
  CHECK_FALSE(done.fault);
  CHECK(dialer->stream.output().starts_with("LHLO home.example.test\r\n"));
  CHECK(done.answers[0].reply->code == 250);
  CHECK(done.answers[1].reply->code == 452);
}

TEST_CASE_METHOD(Fixture, "AUTH LOGIN and SCRAM-SHA-256 are pinned by name") {
  options.user = "user";
  options.password = base::Secret("pencil");
  options.auth = "login";
  REQUIRE_FALSE(open({"", kGreetTls + kOffers + "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 ok\r\n"}));
  CHECK(dialer->stream.output() ==
        "EHLO home.example.test\r\nAUTH LOGIN\r\n" + base::base64("user") + "\r\n" + base::base64("pencil") + "\r\n");
  options.auth = "scram-sha-256";
  const auto fault = open({"", "220 mx\r\n250-mx\r\n250 AUTH SCRAM-SHA-256\r\n235 ok\r\n"});
  REQUIRE(fault);  // the server has not proved that it knows the password
  CHECK(fault->stage == Stage::Auth);
}
