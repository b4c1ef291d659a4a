#include "common/net/buffered_reader.hpp"
#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using namespace std::chrono_literals;
using base::Errc;
using net::BufferedReader;
using net::Loop;
using net::Stream;

namespace {

// A tiny server: answers every line, and STARTTLS with a handshake.
base::Task<void> line_session(Loop&, std::unique_ptr<Stream> stream) {
  BufferedReader reader(*stream);
  stream->set_timeout(5s);
  for (;;) {
    const auto line = co_await reader.line(1000);
    if (!line.ok()) break;
    const std::string reply = *line == "STARTTLS" ? "220 go ahead\r\n" : "250 " + *line + "\r\n";
    const auto written = co_await stream->write(reply);
    if (!written.ok()) break;
    if (*line != "STARTTLS") continue;
    reader.discard();
    const auto secured = co_await stream->start_tls();
    if (!secured.ok()) break;
    CHECK(stream->tls().active);
    CHECK_FALSE(stream->can_start_tls());
  }
  co_await stream->shutdown();
}

struct Outcome {
  std::string problem;
  Errc code = Errc::Internal;
  std::string replies;
  net::TlsInfo tls;
};

base::Task<void> exchange(Stream& stream, std::string request, std::size_t reply_octets, Outcome& outcome) {
  const auto written = co_await stream.write(request);
  if (!written.ok()) co_return;
  const std::string reply = co_await read_octets(stream, reply_octets);
  outcome.replies += reply;
}

// Implicit TLS as `name`.
base::Task<void> tls_talk(Loop& loop, std::uint16_t port, const crypto::TlsClient& client, std::string name,
                          Outcome& outcome) {
  auto plain = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!plain.ok()) co_return;
  auto stream = co_await net::start_tls_client(std::move(*plain), client, name);
  if (!stream.ok()) {
    outcome.problem = stream.error().text;
    outcome.code = stream.error().code;
    co_return;
  }
  outcome.tls = (*stream)->tls();
  co_await exchange(**stream, "NOOP\r\n", 10, outcome);
  co_await (*stream)->shutdown();
}

// STARTTLS, with `injected` in the same segment as the command (RFC 3207 §4.2), then a command inside TLS.
base::Task<void> start_tls_talk(Loop& loop, std::uint16_t port, const crypto::TlsClient& client, std::string injected,
                                Outcome& outcome) {
  auto plain = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!plain.ok()) co_return;
  const std::string request = "STARTTLS\r\n" + injected;
  co_await exchange(**plain, request, 14, outcome);
  auto stream = co_await net::start_tls_client(std::move(*plain), client, "localhost");
  if (!stream.ok()) {
    outcome.problem = stream.error().text;
    co_return;
  }
  co_await exchange(**stream, "NOOP\r\n", 10, outcome);
}

// Clear text after the go-ahead, where the handshake should be.
base::Task<void> clear_after_go_ahead(Loop& loop, std::uint16_t port, Outcome& outcome) {
  auto plain = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!plain.ok()) co_return;
  co_await exchange(**plain, "STARTTLS\r\n", 14, outcome);
  co_await exchange(**plain, "MAIL FROM:<a@b>\r\nNOOP\r\n", 4096, outcome);
}

// Keeps one session open across a change of the certificate.
base::Task<void> across_reload(Loop& loop, std::uint16_t port, Certificate& files, Outcome& running, Outcome& fresh) {
  auto plain = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!plain.ok()) co_return;
  auto stream = co_await net::start_tls_client(std::move(*plain), files.client(), "mail.example.test");
  if (!stream.ok()) co_return;
  co_await exchange(**stream, "ONE\r\n", 9, running);
  files.write("new.example.test");
  const auto renewed = files.trusting_client();
  for (int tries = 0; tries < 100 && fresh.replies.empty(); ++tries) {
    co_await tls_talk(loop, port, *renewed, "new.example.test", fresh);
    co_await loop.sleep(20ms);
  }
  co_await exchange(**stream, "TWO\r\n", 9, running);
}

base::Task<void> interrupt_tls(Loop& loop, std::uint16_t port, const crypto::TlsClient& client, bool before, Errc& code,
                               Outcome& outcome) {
  auto plain = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!plain.ok()) co_return;
  auto stream = co_await net::start_tls_client(std::move(*plain), client, "localhost");
  if (!stream.ok()) co_return;
  Stream& secure = **stream;
  net::Timer later(loop, [&secure] { secure.interrupt(); });
  if (before) secure.interrupt();
  else later.start(5ms);
  std::array<char, 16> buffer{};
  const auto result = co_await secure.read(buffer);
  if (!result.ok()) code = result.error().code;
  co_await exchange(secure, "NOOP\r\n", 10, outcome);
}

// Sends a piece of a record header now and then, and never a handshake.
base::Task<void> drip(Loop& loop, std::uint16_t port, std::string& end) {
  auto plain = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!plain.ok()) co_return;
  for (const char octet : std::string("\x16\x03\x01\x02\x00\x01\x00", 7)) {
    const std::string_view one(&octet, 1);
    const auto written = co_await (*plain)->write(one);
    if (!written.ok()) break;
    co_await loop.sleep(10ms);
  }
  (*plain)->set_timeout(5s);
  std::array<char, 16> buffer{};
  const auto result = co_await (*plain)->read(buffer);
  end = result.ok() && *result == 0 ? "ended" : result.ok() ? "octets" : std::string(base::name(result.error().code));
}

net::ListenOptions with_tls(net::TlsMode mode, const Certificate& certificate) {
  net::ListenOptions options;
  options.name = "test";
  options.tls = mode;
  options.tls_server = certificate.server();
  return options;
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("implicit TLS serves a client that verifies it") {
  Loop loop;
  const Certificate certificate;
  const auto listener = open_listener(loop, with_tls(net::TlsMode::Implicit, certificate), line_session);
  Outcome outcome;
  run(loop, tls_talk(loop, listener->port(), certificate.client(), "127.0.0.1", outcome));
  CHECK(outcome.problem.empty());
  CHECK(outcome.replies == "250 NOOP\r\n");
  CHECK(outcome.tls.active);
  CHECK(outcome.tls.version == "TLSv1.3");
  CHECK_FALSE(outcome.tls.cipher.empty());
}

TEST_CASE("a client refuses a wrong name, an unknown authority and a peer without TLS, and says why") {
  Loop loop;
  const Certificate certificate;
  const auto listener = open_listener(loop, with_tls(net::TlsMode::Implicit, certificate), line_session);
  Outcome outcome;
  SECTION("wrong name") {
    run(loop, tls_talk(loop, listener->port(), certificate.client(), "other.example.test", outcome));
    CHECK(contains(outcome.problem, "other.example.test: TLS handshake failed: "));
    CHECK(contains(outcome.problem, "not for other.example.test"));
  }
  SECTION("unknown authority") {
    auto system = crypto::TlsClient::create("");
    REQUIRE(system.ok());
    run(loop, tls_talk(loop, listener->port(), **system, "localhost", outcome));
    CHECK(contains(outcome.problem, "self-signed certificate: set ca_file"));
  }
  SECTION("plain peer") {
    const auto greet = [](Loop& on, std::unique_ptr<Stream> stream) { return line_session(on, std::move(stream)); };
    const auto plain = open_listener(loop, {}, greet);
    run(loop, tls_talk(loop, plain->port(), certificate.client(), "localhost", outcome));
    CHECK(contains(outcome.problem, "localhost: "));
  }
  CHECK((outcome.code == Errc::Protocol || outcome.code == Errc::Closed));
  CHECK(outcome.replies.empty());
}

TEST_CASE("a handshake has a limit that a dripping peer cannot stretch; 30 s by default") {
  CHECK(net::ListenOptions{}.handshake_limit == 30s);
  Loop loop;
  const Certificate certificate;
  auto options = with_tls(net::TlsMode::Implicit, certificate);
  options.handshake_limit = 30ms;
  bool served = false;
  const auto session = [&](Loop& on, std::unique_ptr<Stream> stream) {
    served = true;
    return line_session(on, std::move(stream));
  };
  const auto listener = open_listener(loop, options, session);
  std::string end;
  run(loop, drip(loop, listener->port(), end));
  CHECK((end == "ended" || end == "closed"));
  CHECK_FALSE(served);
}

TEST_CASE("STARTTLS turns a session into TLS; what was injected before is never run, RFC 3207 4.2") {
  const auto injected = GENERATE(std::string(""), std::string("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"));
  Loop loop;
  const Certificate certificate;
  const auto listener = open_listener(loop, with_tls(net::TlsMode::StartTls, certificate), line_session);
  Outcome outcome;
  run(loop, start_tls_talk(loop, listener->port(), certificate.client(), injected, outcome));
  CHECK(outcome.problem.empty());
  CHECK(outcome.replies == "220 go ahead\r\n250 NOOP\r\n");
}

TEST_CASE("clear text where the handshake should be ends the session without being run") {
  Loop loop;
  const Certificate certificate;
  const auto listener = open_listener(loop, with_tls(net::TlsMode::StartTls, certificate), line_session);
  Outcome outcome;
  run(loop, clear_after_go_ahead(loop, listener->port(), outcome));
  CHECK(outcome.replies.find("250") == std::string::npos);
}

TEST_CASE("a new certificate serves new sessions and the running one goes on") {
  Loop loop;
  Certificate certificate;
  const auto listener = open_listener(loop, with_tls(net::TlsMode::Implicit, certificate), line_session);
  Outcome running;
  Outcome fresh;
  run(loop, across_reload(loop, listener->port(), certificate, running, fresh));
  CHECK(fresh.replies == "250 NOOP\r\n");
  CHECK(running.replies == "250 ONE\r\n250 TWO\r\n");
}

TEST_CASE("an interrupt wakes a TLS read and loses nothing") {
  const bool before = GENERATE(true, false);
  Loop loop;
  const Certificate certificate;
  const auto listener = open_listener(loop, with_tls(net::TlsMode::Implicit, certificate), line_session);
  Errc code = Errc::Internal;
  Outcome outcome;
  run(loop, interrupt_tls(loop, listener->port(), certificate.client(), before, code, outcome));
  CHECK(code == Errc::Interrupted);
  CHECK(outcome.replies == "250 NOOP\r\n");
}

TEST_CASE("a plain listener offers no TLS, and one without a certificate cannot open for TLS") {
  Loop loop;
  bool asked = false;
  struct Steps {
    static base::Task<void> ask(std::unique_ptr<Stream> stream, bool& asked) {
      CHECK_FALSE(stream->can_start_tls());
      CHECK_FALSE(stream->tls().active);
      const auto started = co_await stream->start_tls();
      CHECK(started.error().code == Errc::Unsupported);
      asked = true;
    }
  };
  const auto session = [&](Loop&, std::unique_ptr<Stream> stream) { return Steps::ask(std::move(stream), asked); };
  const auto listener = open_listener(loop, {}, session);
  const Certificate certificate;
  Outcome outcome;
  run(loop, clear_after_go_ahead(loop, listener->port(), outcome));
  CHECK(asked);
  net::ListenOptions options;
  options.tls = net::TlsMode::Implicit;
  CHECK(net::Listener::open(loop, {&loop}, {"127.0.0.1", 0, ""}, options, session).error().code == Errc::Invalid);
}
