#include <sys/stat.h>

#include "common/crypto/digest.hpp"
#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using namespace std::chrono_literals;
using base::Errc;
using net::Loop;
using net::Stream;

namespace {

base::Task<void> send_all(Stream& stream, const std::string& octets, bool& sent) {
  const auto written = co_await stream.write(octets);
  sent = written.ok();
}

base::Task<void> talk(Loop& loop, std::uint16_t port, std::string& answer, net::Peer& peer) {
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!stream.ok()) co_return;
  Stream& peer_stream = **stream;
  peer = peer_stream.peer();
  const auto written = co_await peer_stream.write("NOOP\r\n");
  if (!written.ok()) co_return;
  answer = co_await read_octets(peer_stream, 6);
  co_await peer_stream.shutdown();
}

// Sends 10 MB while a slow reader takes them back with pauses.
base::Task<void> transfer(Loop& loop, Stream& stream, const std::string& octets, std::string& back, bool& sent) {
  base::spawn(send_all(stream, octets, sent));
  while (back.size() < octets.size()) {
    const std::string piece = co_await read_octets(stream, 1'000'000);
    if (piece.empty()) break;
    back += piece;
    co_await loop.sleep(2ms);
  }
}

base::Task<void> transfer_tcp(Loop& loop, std::uint16_t port, const std::string& octets, std::string& back,
                              bool& sent) {
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!stream.ok()) co_return;
  co_await transfer(loop, **stream, octets, back, sent);
}

base::Task<void> transfer_tls(Loop& loop, std::uint16_t port, const crypto::TlsClient& client,
                              const std::string& octets, std::string& back, bool& sent) {
  auto plain = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!plain.ok()) co_return;
  auto stream = co_await net::start_tls_client(std::move(*plain), client, "localhost");
  if (!stream.ok()) co_return;
  co_await transfer(loop, **stream, octets, back, sent);
}

// A session that never reads and never writes, until its stream is closed or the peer leaves.
base::Task<void> mute(Loop&, std::unique_ptr<Stream> stream) {
  stream->interrupt();
  std::array<char, 1> buffer{};
  const auto first = co_await stream->read(buffer);
  CHECK(first.error().code == Errc::Interrupted);
  const auto rest = co_await stream->read(buffer);
  CHECK((!rest.ok() || *rest == 0 || *rest == 1));
}

base::Task<void> sit(Loop& loop, std::unique_ptr<Stream> stream) {
  while (!loop.ending()) {
    co_await loop.sleep(1h);
  }
  stream->close();
}

using Read = base::Result<std::size_t>;

base::Task<void> read_once(Stream& stream, Read& result, bool& done) {
  std::array<char, 16> buffer{};
  result = co_await stream.read(buffer);
  done = true;
}

base::Task<void> read_with_timeout(Loop& loop, std::uint16_t port, Read& first, Read& second) {
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!stream.ok()) co_return;
  std::array<char, 16> buffer{};
  (*stream)->set_timeout(10ms);
  first = co_await (*stream)->read(buffer);
  (*stream)->set_timeout(0ms);
  const auto written = co_await (*stream)->write("x");
  if (!written.ok()) co_return;
  second = co_await (*stream)->read(buffer);
}

base::Task<void> shorten_timeout(Loop& loop, std::uint16_t port, Read& result, bool& done) {
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!stream.ok()) co_return;
  (*stream)->set_timeout(1h);
  base::spawn(read_once(**stream, result, done));
  (*stream)->set_timeout(5ms);
  while (!done) {
    co_await loop.sleep(1ms);
  }
}

base::Task<void> write_with_timeout(Loop& loop, std::uint16_t port, base::Status& result) {
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!stream.ok()) co_return;
  const std::string octets(20'000'000, 'x');
  (*stream)->set_timeout(20ms);
  result = co_await (*stream)->write(octets);
}

enum class Action { Close, Interrupt, InterruptThenClose };

base::Task<void> disturb(Loop& loop, std::uint16_t port, Action action, Read& result, bool& at_once) {
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!stream.ok()) co_return;
  bool done = false;
  base::spawn(read_once(**stream, result, done));
  if (action != Action::Close) (*stream)->interrupt();
  if (action != Action::Interrupt) (*stream)->close();
  at_once = done;  // the reader goes on later, never inside close() or interrupt()
  while (!done) {
    co_await loop.sleep(1ms);
  }
  if (action != Action::Interrupt) co_return;
  const auto written = co_await (*stream)->write("kept");
  if (!written.ok()) co_return;
  const std::string after = co_await read_octets(**stream, 4);
  CHECK(after == "kept");  // an interrupt loses nothing
}

base::Task<void> close_pending_write(Loop& loop, std::uint16_t port, bool& ended, bool& sent) {
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
  if (!stream.ok()) co_return;
  const std::string octets(20'000'000, 'x');
  sent = true;
  base::spawn(send_all(**stream, octets, sent));
  CHECK(sent);  // it waits
  (*stream)->close();
  while (sent) {
    co_await loop.sleep(1ms);
  }
  ended = true;
}

base::Task<void> connect_only(Loop& loop, std::string host, std::uint16_t port, std::string& problem, Errc& code) {
  auto stream = co_await net::connect_tcp(loop, host, port, 3s);
  if (stream.ok()) co_return;
  problem = stream.error().text;
  code = stream.error().code;
}

base::Task<void> talk_unix(Loop& loop, const std::string& path, std::string& answer) {
  auto stream = co_await net::connect_unix(loop, path, 5s);
  if (!stream.ok()) {
    answer = stream.error().text;
    co_return;
  }
  CHECK((*stream)->peer().address == "unix");
  const auto written = co_await (*stream)->write("LHLO x\r\n");
  if (written.ok()) {
    answer = co_await read_octets(**stream, 8);
  }
}

}  // namespace

TEST_CASE("TCP carries octets and knows both ends") {
  Loop loop;
  const auto listener = open_listener(loop, {}, echo);
  std::string answer;
  net::Peer peer;
  run(loop, talk(loop, listener->port(), answer, peer));
  CHECK(answer == "NOOP\r\n");
  CHECK(peer.address == "127.0.0.1");
  CHECK(peer.port == listener->port());
  CHECK(peer.local_address == "127.0.0.1");
  CHECK(peer.local_port != 0);
}

TEST_CASE("an IPv4 client of an IPv6 listener is shown with its IPv4 address") {
  Loop loop;
  std::string seen;
  const auto note = [&](Loop& on, std::unique_ptr<Stream> stream) {
    seen = stream->peer().address;
    return echo(on, std::move(stream));
  };
  auto listener = net::Listener::open(loop, {&loop}, {"::", 0, ""}, {}, note);
  if (!listener.ok()) return;  // a machine without IPv6
  std::string answer;
  net::Peer peer;
  run(loop, talk(loop, (*listener)->port(), answer, peer));
  CHECK(answer == "NOOP\r\n");
  CHECK(seen == "127.0.0.1");
}

TEST_CASE("10 MB go both ways past a slow reader, over TCP and over TLS") {
  Loop loop;
  const Certificate certificate;
  const std::string octets = crypto::random_octets(10'000'000);
  std::string back;
  bool sent = false;
  net::ListenOptions options;
  SECTION("TCP") {
    const auto listener = open_listener(loop, options, echo);
    run(loop, transfer_tcp(loop, listener->port(), octets, back, sent));
  }
  SECTION("TLS") {
    options.tls = net::TlsMode::Implicit;
    options.tls_server = certificate.server();
    const auto listener = open_listener(loop, options, echo);
    run(loop, transfer_tls(loop, listener->port(), certificate.client(), octets, back, sent));
  }
  CHECK(sent);
  CHECK(back == octets);
}

TEST_CASE("a read ends with Timeout and the stream can go on") {
  Loop loop;
  const auto listener = open_listener(loop, {}, echo);
  Read first{std::size_t{0}};
  Read second{std::size_t{0}};
  run(loop, read_with_timeout(loop, listener->port(), first, second));
  REQUIRE_FALSE(first.ok());
  CHECK(first.error().code == Errc::Timeout);
  REQUIRE(second.ok());
  CHECK(*second == 1);
}

TEST_CASE("a new timeout applies to the read that waits already") {
  Loop loop;
  const auto listener = open_listener(loop, {}, echo);
  Read result{std::size_t{0}};
  bool done = false;
  run(loop, shorten_timeout(loop, listener->port(), result, done));
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Errc::Timeout);
}

TEST_CASE("a write that nobody takes ends with Timeout") {
  Loop loop;
  const auto listener = open_listener(loop, {}, sit);
  base::Status result;
  run(loop, write_with_timeout(loop, listener->port(), result));
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Errc::Timeout);
}

TEST_CASE("close and interrupt end a pending read, later and only once") {
  const auto action = GENERATE(Action::Close, Action::Interrupt, Action::InterruptThenClose);
  Loop loop;
  const auto listener = open_listener(loop, {}, echo);
  Read result{std::size_t{0}};
  bool at_once = true;
  run(loop, disturb(loop, listener->port(), action, result, at_once));
  CHECK_FALSE(at_once);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == (action == Action::Close ? Errc::Closed : Errc::Interrupted));
}

TEST_CASE("an interrupt without a pending read ends the next one") {
  Loop loop;
  const auto listener = open_listener(loop, {}, mute);
  std::string answer;
  net::Peer peer;
  run(loop, talk(loop, listener->port(), answer, peer));
  CHECK(answer.empty());
}

TEST_CASE("close ends a pending write") {
  Loop loop;
  const auto listener = open_listener(loop, {}, sit);
  bool ended = false;
  bool sent = false;
  run(loop, close_pending_write(loop, listener->port(), ended, sent));
  CHECK(ended);
}

TEST_CASE("the loop's end ends what is pending") {
  Loop loop;
  const auto listener = open_listener(loop, {}, echo);
  Read result{std::size_t{0}};
  bool done = false;
  std::unique_ptr<Stream> kept;
  struct Steps {
    static base::Task<void> connect(Loop& on, std::uint16_t port, std::unique_ptr<Stream>& kept, Read& result,
                                    bool& done) {
      auto stream = co_await net::connect_tcp(on, "127.0.0.1", port, 5s);
      if (!stream.ok()) co_return;
      kept = std::move(*stream);
      base::spawn(read_once(*kept, result, done));
    }
  };
  run(loop, Steps::connect(loop, listener->port(), kept, result, done));
  CHECK(done);
  CHECK(result.error().code == Errc::Closed);
}

TEST_CASE("a connection that cannot be made says where to and why") {
  Loop loop;
  std::string problem;
  Errc code = Errc::Internal;
  SECTION("refused") {
    std::uint16_t port = 0;
    {
      Loop other;
      port = open_listener(other, {}, echo)->port();
    }
    run(loop, connect_only(loop, "127.0.0.1", port, problem, code));
    CHECK(code == Errc::Unavailable);
    CHECK(problem == "connect to 127.0.0.1 port " + std::to_string(port) + ": connection refused");
  }
  SECTION("a name that does not exist") {
    run(loop, connect_only(loop, "no-such-host.invalid", 25, problem, code));
    CHECK((code == Errc::NotFound || code == Errc::Unavailable));
    CHECK(problem.find("connect to no-such-host.invalid port 25: ") == 0);
  }
}

TEST_CASE("a host name is resolved and its addresses are tried in order") {
  Loop loop;
  const auto listener = open_listener(loop, {}, echo);
  std::string problem;
  Errc code = Errc::Internal;
  run(loop, connect_only(loop, "localhost", listener->port(), problem, code));
  CHECK(problem.empty());  // ::1 is refused if it comes first, 127.0.0.1 answers
}

TEST_CASE("a unix socket has mode 0660, replaces a stale one and goes with its listener") {
  const TempDirectory dir;
  const std::string path = dir.path("lmtp.sock");
  struct stat info {};
  for (int round = 0; round < 2; ++round) {
    Loop loop;
    auto listener = open_listener(loop, {}, echo, {"", 0, path});
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0660U);
    CHECK(net::Listener::open(loop, {&loop}, {"", 0, path}, {}, echo).error().code == Errc::Exists);
    std::string answer;
    run(loop, talk_unix(loop, path, answer));
    CHECK(answer == "LHLO x\r\n");
    listener.reset();
    CHECK(::stat(path.c_str(), &info) != 0);
  }
  Loop loop;
  std::string answer;
  run(loop, talk_unix(loop, path, answer));
  CHECK(answer == "connect to " + path + ": no such file or directory");
}
