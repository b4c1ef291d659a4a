// Mail over SMTP connections that are used again, and the capture route, on scripted peers.
#include <deque>

#include "common/base/clock.hpp"
#include "common/base/delivery_id.hpp"
#include "relay/smtp/capture.hpp"
#include "relay/smtp/smtp_carrier.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"

using namespace hearthmail;
using namespace std::chrono_literals;
using relay::Outcome;
using relay::Parcel;
using relay::Verdict;

namespace {

// What each connection wrote, in order.
using Written = std::vector<std::string>;

class Recording : public test::ScriptedStream {
 public:
  Recording(std::string input, std::string& out) : ScriptedStream(std::move(input)), out_(out) {}
  base::Task<base::Status> write(std::string_view octets) override {
    out_ += octets;
    return ScriptedStream::write(octets);
  }

 private:
  std::string& out_;
};

class ScriptedPeers : public smtp::Dialer {
 public:
  explicit ScriptedPeers(std::deque<std::string> scripts, std::deque<std::string>& written)
      : scripts_(std::move(scripts)), written_(written) {}
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial() override {
    if (scripts_.empty()) co_return base::Error{base::Errc::Unavailable, "refused"};
    written_.emplace_back();
    std::unique_ptr<net::Stream> stream = std::make_unique<Recording>(scripts_.front(), written_.back());
    scripts_.pop_front();
    co_return stream;
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> secure(std::unique_ptr<net::Stream> plain) override {
    auto done = co_await plain->start_tls();
    if (!done.ok()) co_return done.error();
    co_return plain;
  }

 private:
  std::deque<std::string> scripts_;
  std::deque<std::string>& written_;
};

class Text : public smtp::BodySource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  base::Result<std::string> next() override { return std::exchange(text_, {}); }

 private:
  std::string text_;
};

const std::string kHello = "220 mx\r\n250-mx\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 DSN\r\n";
const std::string kOne = "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued\r\n";

struct Fixture {
  void peers(std::deque<std::string> scripts, bool lmtp = false) {
    relay::SmtpCarrierOptions options;
    options.client.hello = "home.example.test";
    options.client.security = smtp::Security::None;
    options.client.lmtp = lmtp;
    options.max_octets = max_octets;
    auto dialer = std::make_unique<ScriptedPeers>(std::move(scripts), written);
    carrier = std::make_unique<relay::SmtpCarrier>(clock, std::move(dialer), std::move(options));
  }
  Parcel parcel(std::vector<std::string> to) const {
    Parcel out;
    out.id = base::QueueId{7};
    out.envelope.reverse_path = sender;
    out.envelope.octets = message.size();
    out.envelope.smtputf8 = smtputf8;
    for (auto& address : to) out.envelope.recipients.push_back({address, "", ""});
    out.open_body = [text = message]() -> std::unique_ptr<smtp::BodySource> { return std::make_unique<Text>(text); };
    return out;
  }
  std::vector<Outcome> send(std::vector<std::string> to) {
    const Parcel what = parcel(std::move(to));
    const relay::BeforeLast before = [this](std::vector<std::size_t> accepted) { return commit(std::move(accepted)); };
    return test::run_task(carrier->send(what, before));
  }
  base::Task<base::Status> commit(std::vector<std::size_t> accepted) {
    committed = std::move(accepted);
    co_return base::ok();
  }
  base::ManualClock clock{1'800'000'000};
  std::deque<std::string> written;
  std::unique_ptr<relay::Carrier> carrier;
  std::vector<std::size_t> committed;
  std::string sender = "anna@example.test";
  std::string message = "Subject: x\r\n\r\nbody\r\n";
  bool smtputf8 = false;
  std::uint64_t max_octets = 0;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a connection is used again after RSET") {
  peers({kHello + kOne + "250 reset\r\n" + kOne});
  CHECK(send({"b@x.example"})[0].verdict == Verdict::Accepted);
  CHECK(send({"c@x.example"})[0].verdict == Verdict::Accepted);
  REQUIRE(written.size() == 1);
  CHECK(written[0].find("\r\n.\r\nRSET\r\nMAIL FROM:") != std::string::npos);
  CHECK(send({"d@x.example"})[0].verdict == Verdict::RouteAway);  // RSET is not answered and nobody takes a new call
}

TEST_CASE_METHOD(Fixture, "an idle connection that ended is replaced, an old one is not used") {
  peers({kHello + kOne, kHello + kOne, kHello + kOne});
  CHECK(send({"b@x.example"})[0].verdict == Verdict::Accepted);
  CHECK(send({"c@x.example"})[0].verdict == Verdict::Accepted);  // RSET met the end of the first
  CHECK(written.size() == 2);
  clock.advance(relay::kConnectionIdle);
  CHECK(send({"d@x.example"})[0].verdict == Verdict::Accepted);
  REQUIRE(written.size() == 3);
  CHECK(written[1].ends_with("QUIT\r\n"));
}

TEST_CASE_METHOD(Fixture, "MAILMAX and RCPTMAX are kept, RFC 9422") {
  const std::string hello = "220 mx\r\n250-mx\r\n250 LIMITS MAILMAX=1 RCPTMAX=1\r\n";
  peers({hello + kOne, hello + kOne});
  const auto first = send({"b@x.example", "c@x.example"});
  CHECK(first[0].verdict == Verdict::Accepted);
  CHECK(first[1].again_at_once);
  CHECK(send({"c@x.example"})[0].verdict == Verdict::Accepted);
  CHECK(written.size() == 2);
}

TEST_CASE_METHOD(Fixture, "too many recipients in this session: the next one gets a new connection") {
  const std::string full = "250 ok\r\n250 ok\r\n452 4.5.3 too many\r\n354 go\r\n250 queued\r\n";
  peers({kHello + full, kHello + kOne});
  const auto outcomes = send({"b@x.example", "c@x.example"});
  CHECK(outcomes[0].verdict == Verdict::Accepted);
  CHECK(outcomes[1].again_at_once);
  CHECK(committed == std::vector<std::size_t>{0});
  CHECK(send({"c@x.example"})[0].verdict == Verdict::Accepted);
  CHECK(written.size() == 2);
}

TEST_CASE_METHOD(Fixture, "a peer without SMTPUTF8 or 8BITMIME cannot carry what needs them, RFC 6531, RFC 6152") {
  const std::string plain = "220 mx\r\n250 mx\r\n";
  peers({plain, kHello + kOne, kHello});
  message = "Subject: x\r\n\r\n\xc3\xa4\r\n";
  CHECK(send({"b@x.example"})[0].status == "5.6.3");
  message = "Subject: x\r\n\r\na\r\n";
  sender = "\xc3\xa4nna@example.test";
  CHECK(send({"b@x.example"})[0].status == "5.6.7");
  sender = "anna@example.test";
  CHECK(send({"b\xc3\xa4@x.example"})[0].verdict == Verdict::NotCarried);
  // 8-bit octets in the body alone do not need SMTPUTF8, even when it was declared.
  clock.advance(relay::kConnectionIdle);
  smtputf8 = true;
  message = "Subject: x\r\n\r\n\xc3\xa4\r\n";
  CHECK(send({"b@x.example"})[0].verdict == Verdict::Accepted);
  CHECK(written.back().find("BODY=8BITMIME\r\n") != std::string::npos);
  message = "Subject: \xc3\xa4\r\n\r\na\r\n";
  clock.advance(relay::kConnectionIdle);
  CHECK(send({"b@x.example"})[0].status == "5.6.7");
  CHECK(committed == std::vector<std::size_t>{0});
}

TEST_CASE_METHOD(Fixture, "a message over SIZE or over the operator's limit is too big for the route, RFC 1870") {
  peers({"220 mx\r\n250-mx\r\n250 SIZE 5\r\n"});
  CHECK(send({"b@x.example"})[0].verdict == Verdict::TooBig);
  CHECK(written[0] == "EHLO home.example.test\r\n");
  max_octets = 6;
  peers({kHello});
  CHECK(send({"b@x.example"})[0].verdict == Verdict::TooBig);
}

TEST_CASE_METHOD(Fixture, "a peer with DSN takes over the reports of successes") {
  peers({kHello + kOne, "220 mx\r\n250-mx\r\n250 PIPELINING\r\n" + kOne});
  CHECK(send({"b@x.example"})[0].dsn_passed_on);
  clock.advance(relay::kConnectionIdle);
  CHECK_FALSE(send({"b@x.example"})[0].dsn_passed_on);
}

TEST_CASE_METHOD(Fixture, "a connection cut after the dot leaves its recipients in doubt") {
  peers({kHello + "250 ok\r\n250 ok\r\n354 go\r\n"});
  CHECK(send({"b@x.example"})[0].verdict == Verdict::InDoubt);
}

TEST_CASE_METHOD(Fixture, "captured mail is the message with its envelope in added lines") {
  const std::string lmtp = "220 lmtp\r\n250-home\r\n250 PIPELINING\r\n";
  peers({lmtp + kOne}, true);
  carrier = std::make_unique<relay::CaptureCarrier>(std::move(carrier), "capture@example.test");
  const auto outcomes = send({"b@x.example", "evil\r\nX: y@x.example"});
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].verdict == Verdict::Accepted);
  CHECK(outcomes[1].verdict == Verdict::Accepted);
  CHECK(committed == std::vector<std::size_t>{0, 1});
  CHECK(written[0].find("RCPT TO:<capture@example.test>\r\n") != std::string::npos);
  CHECK(written[0].find("DATA\r\nX-Hearthmail-Envelope-From: <anna@example.test>\r\n"
                        "X-Hearthmail-Envelope-To: <b@x.example>\r\n"
                        "X-Hearthmail-Envelope-To: <evil\\x0d\\x0aX: y@x.example>\r\n"
                        "X-Hearthmail-Queue-Id: 7\r\n"
                        "Subject: x\r\n\r\nbody\r\n.\r\n") != std::string::npos);
}

TEST_CASE("each captured copy has a name of its own, the same in every attempt") {
  struct Names : relay::Carrier {
    explicit Names(std::vector<std::string>& seen) : all(seen) {}
    base::Task<std::vector<relay::Outcome>> send(const relay::Parcel& parcel, relay::BeforeLast) override {
      all.push_back(parcel.envelope.delivery_id);
      co_return std::vector<relay::Outcome>(1);
    }
    base::Task<void> quit() override { co_return; }
    void close() override {}
    std::vector<std::string>& all;
  };
  std::vector<std::string> names;
  relay::CaptureCarrier capture(std::make_unique<Names>(names), "capture@example.test");
  const auto offer = [&](const std::string& id, const std::string& to) {
    relay::Parcel parcel;
    parcel.envelope.delivery_id = id;
    parcel.envelope.recipients = {{to, "", ""}};
    test::run_task(capture.send(parcel, {}));
  };
  const std::string id(base::kDeliveryIdOctets, 'd');
  offer(id, "a@x.example");
  offer(id, "a@x.example");
  offer(id, "b@x.example");
  offer("", "b@x.example");
  REQUIRE(names.size() == 4);
  CHECK(names[0].size() == base::kDeliveryIdOctets);
  CHECK(names[0] == names[1]);
  CHECK(names[0] != names[2]);  // the copy for others is another message
  CHECK(names[0] != id);
  CHECK(names[3].empty());
}

TEST_CASE_METHOD(Fixture, "without the capture account the route is broken and says what to run") {
  peers({"220 lmtp\r\n250 home\r\n250 ok\r\n550 5.1.1 No such recipient\r\n"}, true);
  carrier = std::make_unique<relay::CaptureCarrier>(std::move(carrier), "capture@example.test");
  const auto outcomes = send({"b@x.example"});
  CHECK(outcomes[0].verdict == Verdict::RouteBroken);
  CHECK(outcomes[0].reply.find("hearthmail user add capture@example.test") != std::string::npos);
}
