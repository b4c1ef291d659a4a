#include "common/net/server.hpp"

#include <sys/resource.h>

#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using namespace std::chrono_literals;
using net::Loop;
using net::Stream;

namespace {

using Streams = std::vector<std::unique_ptr<Stream>>;

base::Task<void> greet_and_echo(Loop& loop, std::unique_ptr<Stream> stream) {
  const auto greeted = co_await stream->write("220\n");
  if (!greeted.ok()) co_return;
  co_await echo(loop, std::move(stream));
}

// Connects `count` clients to `port` and keeps them with what they were greeted with.
base::Task<void> connect(Loop& loop, std::uint16_t port, int count, Streams& streams, std::string& greetings) {
  for (int i = 0; i < count; ++i) {
    auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
    if (!stream.ok()) co_return;
    const std::string text = co_await read_octets(**stream, 4);
    greetings += text;
    streams.push_back(std::move(*stream));
  }
}

// A letter per stream: "y" for one that still answers, "-" for one that has been closed.
base::Task<void> look(Streams& streams, std::string& alive) {
  for (const auto& stream : streams) {
    const auto asked = co_await stream->write("x");
    std::string answer;
    if (asked.ok()) {
      answer = co_await read_octets(*stream, 1);
    }
    alive += answer == "x" ? 'y' : '-';
  }
}

struct Seen {
  std::string imap, pop3, smtp;                    // what the clients were greeted with
  std::string alive_imap, alive_pop3, alive_smtp;  // who is left
};

// With 8 descriptors: 4 sessions before login in all, 2 of a service without.
base::Task<void> crowd(net::Server& server, Seen& seen) {
  Loop& loop = server.main_loop();
  const auto ports = server.ports();
  const std::uint16_t imap = ports[0].second;
  const std::uint16_t pop3 = ports[1].second;
  const std::uint16_t smtp = ports[2].second;
  Streams by_imap;
  Streams by_pop3;
  Streams by_smtp;
  co_await connect(loop, smtp, 3, by_smtp, seen.smtp);
  co_await connect(loop, imap, 3, by_imap, seen.imap);
  co_await connect(loop, pop3, 3, by_pop3, seen.pop3);
  co_await look(by_imap, seen.alive_imap);
  co_await look(by_pop3, seen.alive_pop3);
  co_await look(by_smtp, seen.alive_smtp);
  server.stop();
}

}  // namespace

TEST_CASE("half of the descriptors are for sessions before login, a quarter for a service without one", "[limits]") {
  const auto room = net::room_for(1'000);
  CHECK(room.before_login == 500);
  CHECK(room.without_login == 250);
  CHECK(room.in_all == 750);
  CHECK(net::kMostCounted == 16'384);
  CHECK(net::room_for(1'000'000).before_login == 8'192);
  rlimit now{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
  CHECK(net::descriptor_limit() == std::min<std::size_t>(now.rlim_cur, net::kMostCounted));
}

TEST_CASE("services share the room before login, the oldest goes; without a login newcomers are refused", "[limits]") {
  net::Server server(1, 8);
  REQUIRE(server.listen({"imap", {"127.0.0.1:0"}, net::TlsMode::None, nullptr, "BYE\n"}, greet_and_echo).ok());
  REQUIRE(server.listen({"pop3", {"127.0.0.1:0"}, net::TlsMode::None, nullptr, "ERR\n"}, greet_and_echo).ok());
  REQUIRE(
      server.listen({"smtp", {"127.0.0.1:0"}, net::TlsMode::None, nullptr, "421\n", net::Login::None}, greet_and_echo)
          .ok());
  Seen seen;
  const auto ready = [&] { base::spawn(crowd(server, seen)); };
  server.run(
      ready, [] {}, [] {});
  CHECK(seen.imap == "220\n220\n220\n");
  CHECK(seen.pop3 == "220\n220\n220\n");
  CHECK(seen.smtp == "220\n220\n421\n");
  CHECK(seen.alive_imap == "--y");
  CHECK(seen.alive_pop3 == "yyy");
  CHECK(seen.alive_smtp == "yy-");
}
