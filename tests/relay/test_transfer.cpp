// libcurl on our loop against a small HTTP server on loopback.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "common/base/text.hpp"
#include "relay/http/transfer.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using relay::HttpAnswer;
using relay::HttpRequest;
using relay::Reached;

namespace {

// Takes connections one after another, reads one whole request from each, and answers it with the next text; an empty
// text closes without an answer.
class Server {
 public:
  explicit Server(std::vector<std::string> answers, std::size_t read_most = std::string::npos)
      : answers_(std::move(answers)), read_most_(read_most), listening_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listening_, 8) == 0);
    REQUIRE(getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    close(listening_);
  }
  std::uint16_t port = 0;
  std::vector<std::string> requests;  // read it after the transfers have ended

 private:
  void serve() {
    for (const std::string& text : answers_) {
      const int peer = accept(listening_, nullptr, nullptr);
      if (peer < 0) return;
      requests.push_back(read_request(peer));
      if (!text.empty()) (void)!write(peer, text.data(), text.size());
      close(peer);
    }
  }
  std::string read_request(int peer) const {
    std::string all;
    char buffer[4096];
    while (all.size() < read_most_) {
      const std::size_t end = all.find("\r\n\r\n");
      if (end != std::string::npos) {
        const std::string head = base::lower(all.substr(0, end));
        const std::size_t at = head.find("content-length: ");
        const std::size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
        if (all.size() >= end + 4 + length) return all;
      }
      const ssize_t count = read(peer, buffer, sizeof buffer);
      if (count <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(count));
    }
    return all;
  }

  std::vector<std::string> answers_;
  std::size_t read_most_;
  int listening_;
  std::thread thread_;
};

std::string http(const std::string& status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

HttpRequest post(std::uint16_t port, std::string body = "{}") {
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/path";
  request.content_type = "application/json";
  request.body = std::move(body);
  request.user = "api";
  request.password = base::Secret("key");
  request.plain_allowed = true;
  return request;
}

base::Task<void> one(relay::HttpSender& sender, HttpRequest request, HttpAnswer& answer, net::Loop& loop) {
  answer = co_await sender.perform(std::move(request));
  loop.stop();
}

HttpAnswer perform(HttpRequest request) {
  net::Loop loop;
  HttpAnswer answer;
  std::unique_ptr<relay::HttpSender> sender;
  loop.post([&] {
    sender = relay::make_http_sender(loop);
    base::spawn(one(*sender, std::move(request), answer, loop));
  });
  loop.run();
  return answer;
}

}  // namespace

TEST_CASE("a request is answered; credentials are in a header") {
  Server server({http("200 OK", "x-amzn-ErrorType: Some:Thing\r\nRetry-After: 30\r\n", R"({"id":"1"})")});
  const HttpAnswer answer = perform(post(server.port));
  REQUIRE(answer.reached == Reached::Answered);
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"id":"1"})");
  CHECK(answer.error_type == "Some:Thing");
  CHECK(answer.retry_after == std::chrono::seconds{30});
  REQUIRE(server.requests.size() == 1);
  const std::string& seen = server.requests[0];
  CHECK(seen.find("POST /path HTTP/1.1\r\n") == 0);
  CHECK(seen.find("Authorization: Basic " + base::base64("api:key") + "\r\n") != std::string::npos);
  CHECK(seen.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(seen.ends_with("\r\n\r\n{}"));
}

TEST_CASE("a big body goes out whole, and Signature Version 4 is over it") {
  Server server({http("200 OK", "", "{}")});
  const std::string body(5'000'000, 'x');
  HttpRequest request = post(server.port, body);
  request.aws_region = "eu-west-1";
  const HttpAnswer answer = perform(std::move(request));
  REQUIRE(answer.reached == Reached::Answered);
  CHECK(server.requests[0].ends_with(body));
  CHECK(server.requests[0].find("Authorization: AWS4-HMAC-SHA256 Credential=api/") != std::string::npos);
  CHECK(server.requests[0].find("/eu-west-1/ses/aws4_request") != std::string::npos);
  // Every header that is signed is there.
  const std::string head = base::lower(server.requests[0].substr(0, server.requests[0].find("\r\n\r\n") + 2));
  const std::size_t from = head.find("signedheaders=") + 14;
  const std::string listed = head.substr(from, head.find(',', from) - from);
  for (const auto name : base::split(listed, ';')) {
    INFO(name);
    CHECK(head.find("\r\n" + std::string(name) + ": ") != std::string::npos);
  }
}

TEST_CASE("a multipart body has its parts byte for byte, RFC 7578") {
  Server server({http("200 OK", "", "{}")});
  HttpRequest request = post(server.port);
  const std::string message("Subject: x\r\n\r\na\0b\x80\r\n", 20);
  request.parts = {{"to", "b@x.example", "", ""}, {"message", message, "message.eml", "message/rfc822"}};
  REQUIRE(perform(std::move(request)).reached == Reached::Answered);
  CHECK(server.requests[0].find("name=\"to\"\r\n\r\nb@x.example\r\n") != std::string::npos);
  CHECK(server.requests[0].find("filename=\"message.eml\"") != std::string::npos);
  CHECK(server.requests[0].find("\r\n\r\n" + message + "\r\n--") != std::string::npos);
}

TEST_CASE("no answer after the whole body is in doubt, a refused connection is not") {
  std::uint16_t gone = 0;
  {
    Server server({""});
    CHECK(perform(post(server.port)).reached == Reached::Sent);
    gone = server.port;
  }
  const HttpAnswer refused = perform(post(gone));
  CHECK(refused.reached == Reached::NotConnected);
  CHECK_FALSE(refused.error.empty());
  CHECK(refused.error.find("key") == std::string::npos);
}

TEST_CASE("a body that was cut is not in doubt") {
  Server server({""}, 1000);  // closes after 1,000 octets
  CHECK(perform(post(server.port, std::string(30'000'000, 'x'))).reached == Reached::PartlySent);
}

TEST_CASE("redirects are not followed and plain HTTP is refused unless it was allowed") {
  Server server({http("302 Found", "Location: http://127.0.0.1:1/\r\n", "")});
  CHECK(perform(post(server.port)).status == 302);
  HttpRequest request = post(server.port);
  request.plain_allowed = false;
  CHECK(perform(std::move(request)).reached == Reached::NotConnected);
}

TEST_CASE("an answer is read up to 256 KiB") {
  Server server({http("200 OK", "", std::string(relay::kMaxAnswer + 1, 'x'))});
  const HttpAnswer answer = perform(post(server.port));
  CHECK(answer.reached == Reached::Answered);
  CHECK(answer.status == 200);
  CHECK(answer.body.size() <= relay::kMaxAnswer);
}

TEST_CASE("a peer that is not TLS is not trusted with https") {
  Server server({"HTTP/1.1 400 Bad Request\r\n\r\n"}, 5);
  HttpRequest request = post(server.port);
  request.url.insert(4, "s");
  CHECK(perform(std::move(request)).reached == Reached::NotTrusted);
}
