// What the mail APIs' answers mean, and how the HTTP carrier treats them.
#include <deque>
#include <nlohmann/json.hpp>

#include "common/base/text.hpp"
#include "relay/http/http_carrier.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace hearthmail;
using relay::HttpAnswer;
using relay::HttpRequest;
using relay::Reached;
using relay::Verdict;

namespace {

class Text : public smtp::BodySource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  base::Result<std::string> next() override { return std::exchange(text_, {}); }

 private:
  std::string text_;
};

relay::Parcel parcel(std::vector<std::string> to, const std::string& message = "Subject: x\r\n\r\n\x80\x01\r\n") {
  relay::Parcel out;
  out.id = base::QueueId{7};
  out.envelope.reverse_path = "anna@example.test";
  out.envelope.octets = message.size();
  for (auto& address : to) out.envelope.recipients.push_back({address, "", ""});
  out.open_body = [message]() -> std::unique_ptr<smtp::BodySource> { return std::make_unique<Text>(message); };
  return out;
}

HttpAnswer answered(int status, std::string body, std::string type = "") {
  HttpAnswer answer;
  answer.reached = Reached::Answered;
  answer.status = status;
  answer.body = std::move(body);
  answer.error_type = std::move(type);
  return answer;
}

relay::ApiRoute api() {
  relay::ApiRoute route;
  route.base_url = "https://api.example.net";
  route.region = "eu-west-1";
  route.domain = "mg.example.test";
  route.user = "AKID";
  route.password = base::Secret("s3cret");
  return route;
}

// Answers from a list and keeps what was asked.
struct FakeSender : relay::HttpSender {
  base::Task<HttpAnswer> perform(HttpRequest request) override {
    requests.push_back(std::move(request));
    auto answer = answers.empty() ? answered(500, "") : answers.front();
    if (!answers.empty()) answers.pop_front();
    committed_before = commits != nullptr && *commits >= requests.size();
    co_return answer;
  }
  void close() override {}
  std::deque<HttpAnswer> answers;
  std::vector<HttpRequest> requests;
  const std::size_t* commits = nullptr;
  bool committed_before = false;
};

struct Fixture {
  FakeSender* sender = nullptr;
  std::size_t commits = 0;
  bool refuse_commit = false;

  base::Task<base::Status> commit(std::vector<std::size_t>) {
    ++commits;
    if (refuse_commit) co_return base::Error{base::Errc::Unavailable, "disk full"};
    co_return base::ok();
  }
  std::vector<relay::Outcome> send(std::unique_ptr<relay::Provider> provider, const relay::Parcel& what,
                                   std::deque<HttpAnswer> answers, std::uint64_t max_octets = 0) {
    auto fake = std::make_unique<FakeSender>();
    sender = fake.get();
    sender->answers = std::move(answers);
    sender->commits = &commits;
    carrier = std::make_unique<relay::HttpCarrier>(std::move(fake), std::move(provider), max_octets);
    const relay::BeforeLast before = [this](std::vector<std::size_t> accepted) { return commit(std::move(accepted)); };
    return test::run_task(carrier->send(what, before));
  }
  std::unique_ptr<relay::HttpCarrier> carrier;
};

struct Case {
  int status;
  std::string type;
  std::string message;
  Verdict verdict;
};

}  // namespace

TEST_CASE("what SES's answers mean") {
  const auto ses = relay::make_ses(api());
  const std::vector<Case> cases{
      {429, "TooManyRequestsException", "Too many requests", Verdict::RouteThrottled},
      {400, "ThrottlingException", "Maximum sending rate exceeded.", Verdict::RouteThrottled},
      {400, "ThrottlingException", "Daily message quota exceeded.", Verdict::RouteExhausted},
      {400, "LimitExceededException", "limit", Verdict::RouteExhausted},
      {400, "MessageRejected", "Email address is not verified. The following identities failed the check in region",
       Verdict::RouteBroken},
      {400, "MailFromDomainNotVerifiedException", "x", Verdict::RouteBroken},
      {400, "SendingPausedException", "x", Verdict::RouteBroken},
      {400, "AccountSuspendedException", "x", Verdict::RouteBroken},
      {403, "AccessDeniedException", "x", Verdict::RouteBroken},
      {403, "ExpiredTokenException", "x", Verdict::RouteBroken},
      {403, "SignatureDoesNotMatch", "x", Verdict::RouteBroken},
      {403, "IncompleteSignature:http://internal.amazon.com/", "x", Verdict::RouteBroken},
      {401, "", "", Verdict::RouteBroken},
      {404, "UnknownOperationException", "", Verdict::RouteBroken},
      {400, "MessageRejected", "Transaction failed: bad content", Verdict::MessagePermanent},
      {400, "BadRequestException", "Missing final '@domain' in address", Verdict::RecipientPermanent},
      {400, "BadRequestException", "Message length is more than 41943040 bytes long", Verdict::TooBig},
      {400, "BadRequestException", "Malformed content", Verdict::MessagePermanent},
      {413, "", "", Verdict::TooBig},
      {408, "RequestTimeoutException", "", Verdict::Temporary},
      {500, "InternalFailure", "", Verdict::Temporary},
      {503, "ServiceUnavailable", "", Verdict::RouteAway},
      {400, "SomethingNewException", "?", Verdict::Temporary},
      {302, "", "", Verdict::RouteBroken},  // not followed; the endpoint is wrong
      {405, "", "", Verdict::RouteBroken},
      {407, "", "Proxy Authentication Required", Verdict::RouteBroken},
      {410, "", "", Verdict::RouteBroken},
  };
  for (const Case& c : cases) {
    INFO(c.status << " " << c.type << ": " << c.message);
    const nlohmann::json body{{"message", c.message}};
    const auto outcome = ses->classify(answered(c.status, body.dump(), c.type), 1);
    CHECK(relay::name(outcome.verdict) == relay::name(c.verdict));
    CHECK(outcome.reply.find("HTTP " + std::to_string(c.status)) == 0);
  }
  CHECK(ses->classify(answered(200, R"({"MessageId":"0100"})"), 1).verdict == Verdict::Accepted);
  CHECK(ses->classify(answered(200, "{}"), 1).verdict == Verdict::InDoubt);
  CHECK(ses->classify(answered(200, R"({"MessageId":7})"), 1).verdict == Verdict::InDoubt);
  CHECK(ses->classify(answered(200, "<html>"), 1).verdict == Verdict::InDoubt);
  const auto in_body = answered(400, R"({"__type":"com.amazonaws.ses#ThrottlingException","message":"x"})");
  CHECK(ses->classify(in_body, 1).verdict == Verdict::RouteThrottled);
  auto told = answered(429, "{}");
  told.retry_after = std::chrono::seconds{77};
  CHECK(ses->classify(told, 1).retry_after == std::chrono::seconds{77});
}

TEST_CASE("what Mailgun's answers mean") {
  const auto mailgun = relay::make_mailgun(api());
  const std::vector<Case> cases{
      {401, "", "Forbidden", Verdict::RouteBroken},
      {402, "", "Request failed", Verdict::RouteBroken},
      {301, "", "Moved Permanently", Verdict::RouteBroken},
      {407, "", "Proxy Authentication Required", Verdict::RouteBroken},
      {403, "", "Domain is not allowed to send: recipient limit", Verdict::RouteBroken},
      {404, "", "Mailgun Magnificent API", Verdict::RouteBroken},
      {400, "", "Sandbox subdomains are for test purposes only. Please add your own domain", Verdict::RouteBroken},
      {400, "", "Domain mg.example.test is not allowed to send: account is not active", Verdict::RouteBroken},
      {400, "", "'to' parameter is not a valid address. please check documentation", Verdict::RecipientPermanent},
      {400, "", "'from' parameter is not a valid address", Verdict::MessagePermanent},
      {400, "", "message is not MIME", Verdict::MessagePermanent},
      {413, "", "Request Entity Too Large", Verdict::TooBig},
      {429, "", "Too Many Requests", Verdict::RouteThrottled},
      {400, "", "Daily messages limit reached", Verdict::RouteExhausted},
      {500, "", "Internal Server Error", Verdict::Temporary},
      {503, "", "", Verdict::RouteAway},
      {418, "", "teapot", Verdict::Temporary},
  };
  for (const Case& c : cases) {
    INFO(c.status << ": " << c.message);
    const nlohmann::json body{{"message", c.message}};
    CHECK(relay::name(mailgun->classify(answered(c.status, body.dump()), 1).verdict) == relay::name(c.verdict));
  }
  CHECK(mailgun->classify(answered(200, R"({"id":"<1@mg>","message":"Queued."})"), 1).verdict == Verdict::Accepted);
  CHECK(mailgun->classify(answered(200, "Mailgun Magnificent API"), 1).verdict == Verdict::InDoubt);
}

TEST_CASE("an answer's JSON is taken up to 64 levels and never trusted") {
  const auto nested = [](std::size_t depth) {
    return R"({"id":"x","a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  CHECK(relay::json_text(nested(63), "id") == "x");
  CHECK(relay::json_text(nested(64), "id").empty());
  CHECK(relay::json_text(nested(100'000), "id").empty());
  CHECK(relay::json_text(R"({"a":"[[[\"{{","id":"y"})", "id") == "y");
  CHECK(relay::json_text("", "id").empty());
  CHECK(relay::json_text("[1]", "id").empty());
  CHECK(relay::json_text("{\"id\":\"\xff\"}", "id").empty());
}

TEST_CASE_METHOD(Fixture, "SES is given the envelope's recipients and the message byte for byte") {
  const auto what = parcel({"b@x.example", "c@x.example"});
  const auto outcomes = send(relay::make_ses(api()), what, {answered(200, R"({"MessageId":"id-1"})")});
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[1].verdict == Verdict::Accepted);
  CHECK(outcomes[1].reply == "accepted by SES as id-1");
  REQUIRE(sender->requests.size() == 1);
  const HttpRequest& request = sender->requests[0];
  CHECK(request.url == "https://api.example.net/v2/email/outbound-emails");
  CHECK(request.aws_region == "eu-west-1");
  CHECK(sender->committed_before);
  const auto body = nlohmann::json::parse(request.body);
  CHECK(body["FromEmailAddress"] == "anna@example.test");
  CHECK(body["Destination"]["ToAddresses"] == nlohmann::json({"b@x.example", "c@x.example"}));
  CHECK(base::unbase64(body["Content"]["Raw"]["Data"].get<std::string>()) == "Subject: x\r\n\r\n\x80\x01\r\n");
  CHECK(request.body.find("s3cret") == std::string::npos);
  CHECK(request.url.find("s3cret") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "SES takes 50 recipients in one call") {
  std::vector<std::string> to(120, "b@x.example");
  const auto ok = answered(200, R"({"MessageId":"id"})");
  const auto outcomes =
      send(relay::make_ses(api()), parcel(to), {ok, answered(400, "{}", "TooManyRequestsException"), ok});
  REQUIRE(sender->requests.size() == 3);
  CHECK(nlohmann::json::parse(sender->requests[2].body)["Destination"]["ToAddresses"].size() == 20);
  CHECK(outcomes[49].verdict == Verdict::Accepted);
  CHECK(outcomes[50].verdict == Verdict::RouteThrottled);
  CHECK(outcomes[119].verdict == Verdict::Accepted);
}

TEST_CASE_METHOD(Fixture, "a bad address among several is found by offering them one by one") {
  const auto bad = answered(400, R"({"message":"Illegal address"})", "BadRequestException");
  const auto ok = answered(200, R"({"MessageId":"id"})");
  const auto outcomes = send(relay::make_ses(api()), parcel({"b@x.example", "bad@x"}), {bad, ok, bad});
  CHECK(outcomes[0].verdict == Verdict::Accepted);
  CHECK(outcomes[1].verdict == Verdict::RecipientPermanent);
  CHECK_FALSE(outcomes[1].again_at_once);
}

TEST_CASE_METHOD(Fixture, "what SES cannot carry goes to another route, before anything is sent") {
  auto what = parcel({"b@x.example"});
  what.envelope.reverse_path.clear();
  CHECK(send(relay::make_ses(api()), what, {})[0].verdict == Verdict::NotCarried);
  CHECK(send(relay::make_ses(api()), parcel({"b\xc3\xa4@x.example"}), {})[0].status == "5.6.7");
  what = parcel({"b@x.example"});
  what.envelope.octets = 31ULL * 1024 * 1024;
  CHECK(send(relay::make_ses(api()), what, {})[0].verdict == Verdict::TooBig);
  CHECK(send(relay::make_ses(api()), parcel({"b@x.example"}), {}, 5)[0].verdict == Verdict::TooBig);
  CHECK(sender->requests.empty());
  CHECK(commits == 0);
}

TEST_CASE_METHOD(Fixture, "Mailgun is given the recipients as a list and the message as a file part") {
  const auto outcomes =
      send(relay::make_mailgun(api()), parcel({"b@x.example", "c@x.example"}), {answered(200, R"({"id":"<1@mg>"})")});
  CHECK(outcomes[0].verdict == Verdict::Accepted);
  const HttpRequest& request = sender->requests[0];
  CHECK(request.url == "https://api.example.net/v3/mg.example.test/messages.mime");
  REQUIRE(request.parts.size() == 3);
  CHECK(request.parts[0].name == "to");
  CHECK(request.parts[0].value == "b@x.example,c@x.example");
  CHECK(request.parts[2].name == "message");
  CHECK(request.parts[2].value == "Subject: x\r\n\r\n\x80\x01\r\n");
  CHECK_FALSE(request.parts[2].file_name.empty());
}

TEST_CASE_METHOD(Fixture, "how far a request came decides what no answer means") {
  const auto verdict = [this](Reached reached) {
    HttpAnswer answer;
    answer.reached = reached;
    answer.error = "x";
    return send(relay::make_mailgun(api()), parcel({"b@x.example"}), {answer})[0].verdict;
  };
  CHECK(verdict(Reached::NotConnected) == Verdict::RouteAway);
  CHECK(verdict(Reached::NotTrusted) == Verdict::RouteBroken);
  CHECK(verdict(Reached::PartlySent) == Verdict::Temporary);
  CHECK(verdict(Reached::Sent) == Verdict::InDoubt);
}

TEST_CASE_METHOD(Fixture, "nothing is sent when the commit fails") {
  refuse_commit = true;
  CHECK(send(relay::make_mailgun(api()), parcel({"b@x.example"}), {})[0].verdict == Verdict::Temporary);
  CHECK(sender->requests.empty());
}
