// TLS engines talk to each other through strings: no socket, any split of the ciphertext.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <thread>

#include "common/crypto/digest.hpp"
#include "common/crypto/tls.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
using crypto::TlsClient;
using crypto::TlsEngine;
using crypto::TlsServer;
using Step = TlsEngine::Step;

namespace {

// A directory with a certificate for mail.example.test.
class Fixture {
 public:
  Fixture() { REQUIRE(crypto::write_self_signed(certificate(), key(), "mail.example.test", 30).ok()); }

  std::string path(const std::string& name) const { return directory_.path(name); }
  std::string certificate() const { return path("cert.pem"); }
  std::string key() const { return path("key.pem"); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  std::unique_ptr<TlsServer> server() const {
    auto loaded = TlsServer::load(certificate(), key());
    REQUIRE(loaded.ok());
    return std::move(loaded).value();
  }
  std::unique_ptr<TlsClient> client() const {
    auto made = TlsClient::create(certificate());
    REQUIRE(made.ok());
    return std::move(made).value();
  }

 private:
  test::TempDirectory directory_;
};

std::unique_ptr<TlsEngine> engine_of(const TlsServer& server) {
  auto made = server.engine();
  REQUIRE(made.ok());
  return std::move(made).value();
}

std::unique_ptr<TlsEngine> engine_of(const TlsClient& client, const std::string& name) {
  auto made = client.engine(name);
  REQUIRE(made.ok());
  return std::move(made).value();
}

// One end: its engine, its last result and the ciphertext on its way to it.
struct End {
  std::unique_ptr<TlsEngine> engine;
  std::string incoming;
  std::string problem;  // of its handshake
  bool finished = false;
};

// Gives `to` up to `step` octets of what is on its way and lets it work on its handshake; false when nothing happened.
bool advance(End& to, End& from, std::size_t step) {
  const std::string piece = to.incoming.substr(0, step);
  to.incoming.erase(0, piece.size());
  to.engine->feed(piece);
  if (!to.finished && to.problem.empty()) {
    const auto result = to.engine->handshake();
    if (!result.ok()) to.problem = result.error().text;
    else to.finished = result.value() == Step::Done;
  }
  const std::string output = to.engine->take_output();
  from.incoming += output;
  return !piece.empty() || !output.empty();
}

void shake_hands(End& client, End& server, std::size_t step) {
  for (bool moved = true; moved;) {
    const bool client_moved = advance(client, server, step);
    const bool server_moved = advance(server, client, step);
    moved = client_moved || server_moved;
  }
}

// Writes `plain` into `from` and reads it at `to`, in pieces of `step` octets of ciphertext.
std::string carry(End& from, End& to, const std::string& plain, std::size_t step) {
  REQUIRE(from.engine->write(plain).ok());
  to.incoming += from.engine->take_output();
  std::string arrived;
  std::array<char, 777> buffer{};
  for (std::size_t at = 0; at < to.incoming.size(); at += step) {
    to.engine->feed(std::string_view(to.incoming).substr(at, step));
    for (Step result = Step::Done; result == Step::Done;) {
      std::size_t count = 0;
      const auto read = to.engine->read(buffer, count);
      REQUIRE(read.ok());
      result = read.value();
      arrived.append(buffer.data(), count);
    }
  }
  to.incoming.clear();
  return arrived;
}

std::string client_problem(const TlsClient& client, const TlsServer& server, const std::string& name) {
  End left{engine_of(client, name), {}, {}, false};
  End right{engine_of(server), {}, {}, false};
  shake_hands(left, right, 4096);
  CHECK_FALSE(right.finished);
  return left.problem;
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "TLS carries octets both ways whatever the split") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const auto server = this->server();
  const auto client = this->client();
  End left{engine_of(*client, "mail.example.test"), {}, {}, false};
  End right{engine_of(*server), {}, {}, false};
  shake_hands(left, right, step);
  CHECK(left.problem.empty());
  CHECK(right.problem.empty());
  REQUIRE(left.finished);
  REQUIRE(right.finished);
  CHECK(left.engine->version() == "TLSv1.3");
  CHECK(right.engine->cipher().rfind("TLS_", 0) == 0);
  const std::string big = crypto::random_octets(step == 1 ? 20'000 : 300'000);
  CHECK(carry(left, right, "EHLO a\r\n", step) == "EHLO a\r\n");
  CHECK(carry(right, left, big, step) == big);
  CHECK(carry(left, right, big, step) == big);
}

TEST_CASE_METHOD(Fixture, "close_notify ends the reading at the other end") {
  const auto server = this->server();
  const auto client = this->client();
  End left{engine_of(*client, "mail.example.test"), {}, {}, false};
  End right{engine_of(*server), {}, {}, false};
  shake_hands(left, right, 4096);
  REQUIRE(left.finished);
  left.engine->close_notify();
  right.engine->feed(left.engine->take_output());
  std::array<char, 16> buffer{};
  std::size_t count = 0;
  const auto read = right.engine->read(buffer, count);
  REQUIRE(read.ok());
  CHECK(read.value() == Step::Closed);
}

TEST_CASE_METHOD(Fixture, "changed ciphertext is an error, not data") {
  const auto server = this->server();
  const auto client = this->client();
  End left{engine_of(*client, "mail.example.test"), {}, {}, false};
  End right{engine_of(*server), {}, {}, false};
  shake_hands(left, right, 4096);
  REQUIRE(left.finished);
  REQUIRE(left.engine->write("DATA\r\n").ok());
  std::string cipher = left.engine->take_output();
  cipher.back() = static_cast<char>(cipher.back() ^ 1);
  right.engine->feed(cipher);
  std::array<char, 16> buffer{};
  std::size_t count = 0;
  const auto read = right.engine->read(buffer, count);
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().code == base::Errc::Protocol);
}

TEST_CASE_METHOD(Fixture, "the certificate must carry the name or address asked for, RFC 9525 6") {
  const auto server = this->server();
  const auto client = this->client();
  for (const char* good :
       {"mail.example.test", "mail.example.test.", "MAIL.example.test", "localhost", "127.0.0.1", "::1"}) {
    End left{engine_of(*client, good), {}, {}, false};
    End right{engine_of(*server), {}, {}, false};
    shake_hands(left, right, 4096);
    INFO(good);
    CHECK(left.problem.empty());
    CHECK(right.finished);
  }
  CHECK(contains(client_problem(*client, *server, "other.example.test"),
                 "it is for mail.example.test, localhost, 127.0.0.1, ::1, not for other.example.test"));
  CHECK(contains(client_problem(*client, *server, "127.0.0.2"), "not for 127.0.0.2"));
  CHECK(client->engine("").error().code == base::Errc::Invalid);
}

TEST_CASE_METHOD(Fixture, "a self-signed certificate that is not in the trust store is refused with the way out") {
  const auto server = this->server();
  auto system = TlsClient::create("");
  REQUIRE(system.ok());
  CHECK(
      contains(client_problem(*system.value(), *server, "mail.example.test"), "self-signed certificate: set ca_file"));
  REQUIRE(crypto::write_self_signed(path("other.pem"), path("other.key"), "mail.example.test", 30).ok());
  auto other = TlsClient::create(path("other.pem"));
  REQUIRE(other.ok());
  CHECK_FALSE(client_problem(*other.value(), *server, "mail.example.test").empty());
}

TEST_CASE_METHOD(Fixture, "an expired certificate is refused and its date is told") {
  REQUIRE(crypto::write_self_signed(certificate(), key(), "mail.example.test", -2).ok());
  CHECK(contains(client_problem(*client(), *server(), "mail.example.test"), "certificate has expired on 20"));
}

TEST_CASE_METHOD(Fixture, "a peer that does not speak TLS is named as such") {
  const auto client = this->client();
  const auto engine = engine_of(*client, "mail.example.test");
  REQUIRE(engine->handshake().ok());
  engine->feed("220 mail.example.test ESMTP ready\r\n");
  const auto result = engine->handshake();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == base::Errc::Protocol);
  CHECK(contains(result.error().text, "the peer does not speak TLS here"));
  const auto server_engine = engine_of(*server());
  server_engine->feed("EHLO client.example.test\r\n");
  CHECK(contains(server_engine->handshake().error().text, "the peer does not speak TLS here"));
}

namespace {
// A ClientHello without a supported_versions extension, so that `minor` (2: TLS 1.1, 3: TLS 1.2) is the newest it knows.
std::string client_hello(char minor) {
  const std::string extensions(
      "\x00\x0a\x00\x04\x00\x02\x00\x17"   // supported_groups: secp256r1
      "\x00\x0b\x00\x02\x01\x00"           // ec_point_formats: uncompressed
      "\x00\x0d\x00\x04\x00\x02\x04\x03",  // signature_algorithms: ecdsa_secp256r1_sha256
      22);
  std::string body = std::string("\x03") + minor + std::string(32, 'r') + '\0';
  body += std::string("\x00\x04\xc0\x2b\xc0\x09", 6);  // ECDHE-ECDSA-AES128-GCM-SHA256, ...-AES128-SHA
  body += std::string("\x01\x00", 2);
  body += std::string("\x00\x16", 2) + extensions;
  const std::string message = std::string("\x01\x00\x00", 3) + static_cast<char>(body.size()) + body;
  return std::string("\x16\x03\x01\x00", 4) + static_cast<char>(message.size()) + message;
}
}  // namespace

TEST_CASE_METHOD(Fixture, "TLS 1.2 is answered and TLS 1.1 is refused, RFC 8996 5") {
  const auto server = this->server();
  const auto modern = engine_of(*server);
  modern->feed(client_hello(3));
  REQUIRE(modern->handshake().ok());
  const std::string hello = modern->take_output();
  REQUIRE(hello.size() > 11);
  CHECK(hello.substr(0, 3) == "\x16\x03\x03");
  CHECK(hello[5] == '\x02');  // ServerHello
  const auto old = engine_of(*server);
  old->feed(client_hello(2));
  const auto result = old->handshake();
  REQUIRE_FALSE(result.ok());
  CHECK(contains(result.error().text, "no common TLS version, 1.2 is the least"));
  CHECK(old->take_output() == std::string("\x15\x03\x02\x00\x02\x02\x46", 7));  // fatal alert protocol_version
}

TEST_CASE_METHOD(Fixture, "a broken pair is refused at load, naming the file") {
  CHECK(contains(TlsServer::load(path("missing.pem"), key()).error().text, "missing.pem: cannot be read"));
  CHECK(contains(TlsServer::load(certificate(), path("missing.key")).error().text, "missing.key: cannot be read"));
  write("junk.pem", "not a certificate\n");
  CHECK(contains(TlsServer::load(path("junk.pem"), key()).error().text, "junk.pem: no usable certificate"));
  CHECK(contains(TlsServer::load(certificate(), path("junk.pem")).error().text, "junk.pem: no usable private key"));
  REQUIRE(crypto::write_self_signed(path("b.pem"), path("b.key"), "b.example.test", 30).ok());
  const auto mixed = TlsServer::load(certificate(), path("b.key"));
  CHECK(mixed.error().code == base::Errc::Invalid);
  CHECK(contains(mixed.error().text, "b.key: the key does not match the certificate in "));
  CHECK(TlsClient::create(path("junk.pem")).error().code == base::Errc::Invalid);
}

TEST_CASE_METHOD(Fixture, "a certificate that changes on disk is used for the next engine; a broken one is not") {
  const auto server = this->server();
  const auto old_client = this->client();
  End left{engine_of(*old_client, "mail.example.test"), {}, {}, false};
  End right{engine_of(*server), {}, {}, false};
  shake_hands(left, right, 4096);
  REQUIRE(left.finished);

  // Until the files are looked at again (at most once a second) the old pair may answer.
  const auto answers_to = [&](const TlsClient& client, const std::string& name) {
    for (int tries = 0; tries < 150; ++tries) {
      End a{engine_of(client, name), {}, {}, false};
      End b{engine_of(*server), {}, {}, false};
      shake_hands(a, b, 4096);
      if (a.finished) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  };
  REQUIRE(crypto::write_self_signed(certificate(), key(), "new.example.test", 30).ok());
  const auto new_client = this->client();
  CHECK(answers_to(*new_client, "new.example.test"));
  CHECK(carry(left, right, "still here", 4096) == "still here");  // the running session is not dropped

  write("cert.pem", "broken");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  CHECK(answers_to(*new_client, "new.example.test"));
}

TEST_CASE_METHOD(Fixture, "write_self_signed keeps the key to its owner and refuses a host that is none") {
  struct stat info {};
  REQUIRE(::stat(key().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  CHECK(crypto::write_self_signed(path("x"), path("y"), "a,DNS:evil", 1).error().code == base::Errc::Invalid);
  CHECK(crypto::write_self_signed(path("none/x"), path("none/y"), "a.test", 1).error().code == base::Errc::Unavailable);
}

TEST_CASE_METHOD(Fixture, "both ends have the same tls-exporter value, and each connection another one, RFC 9266 2") {
  const auto tls_server = server();
  const auto tls_client = client();
  std::string before;
  for (int connection = 0; connection < 2; ++connection) {
    End left{engine_of(*tls_client, "mail.example.test"), {}, {}, false};
    End right{engine_of(*tls_server), {}, {}, false};
    CHECK(left.engine->exporter().empty());
    shake_hands(left, right, 4096);
    REQUIRE(right.finished);
    CHECK(left.engine->version() == "TLSv1.3");
    CHECK(left.engine->exporter().size() == 32);
    CHECK(left.engine->exporter() == right.engine->exporter());
    CHECK(left.engine->exporter() != before);
    before = left.engine->exporter();
  }
}
