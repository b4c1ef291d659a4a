#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "common/net/admission.hpp"
#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using namespace std::chrono_literals;
using base::Errc;
using net::Loop;
using net::Stream;

namespace {

using Streams = std::vector<std::unique_ptr<Stream>>;

// Opens `count` connections and reads what each is greeted with.
base::Task<void> connect_many(Loop& loop, std::uint16_t port, int count, Streams& streams,
                              std::vector<std::string>& texts) {
  for (int i = 0; i < count; ++i) {
    auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 5s);
    if (!stream.ok()) co_return;
    const std::string text = co_await read_octets(**stream, 4);
    texts.push_back(text);
    streams.push_back(std::move(*stream));
  }
}

base::Task<void> greet(Loop&, std::unique_ptr<Stream> stream) {
  const auto written = co_await stream->write("220\n");
  std::array<char, 100> buffer{};
  for (bool open = written.ok(); open;) {
    const auto count = co_await stream->read(buffer);
    open = count.ok() && *count > 0;
    if (open && buffer[0] == 'L') stream->set_authenticated();
  }
}

base::Task<void> wait_for_sessions(Loop& loop, net::Listener& listener, std::size_t count) {
  while (listener.sessions() != count) {
    co_await loop.sleep(1ms);
  }
}

base::Task<void> fill_and_refuse(Loop& loop, net::Listener& listener, std::vector<std::string>& texts) {
  Streams streams;
  co_await connect_many(loop, listener.port(), 3, streams, texts);
  CHECK(listener.sessions() == 2);
  streams.clear();
  co_await wait_for_sessions(loop, listener, 0);
  co_await connect_many(loop, listener.port(), 1, streams, texts);  // room again
}

base::Task<void> drop_oldest(Loop& loop, net::Listener& listener, std::vector<std::string>& after) {
  Streams streams;
  std::vector<std::string> texts;
  co_await connect_many(loop, listener.port(), 1, streams, texts);
  Stream& first = *streams.front();
  const auto logged_in = co_await first.write("LOGIN");
  CHECK(logged_in.ok());
  co_await loop.sleep(20ms);
  co_await connect_many(loop, listener.port(), 3, streams, texts);  // the second of all must go for the fourth
  co_await wait_for_sessions(loop, listener, 3);
  for (const auto& stream : streams) {
    std::array<char, 10> buffer{};
    stream->set_timeout(20ms);
    const auto result = co_await stream->read(buffer);
    after.push_back(result.ok() ? "ended" : std::string(base::name(result.error().code)));
  }
}

base::Task<void> close_all_sessions(Loop& loop, net::Listener& listener, std::vector<std::string>& texts) {
  Streams streams;
  co_await connect_many(loop, listener.port(), 4, streams, texts);
  CHECK(listener.sessions() == 4);
  listener.stop_accepting();
  listener.close_sessions();
  co_await wait_for_sessions(loop, listener, 0);
  for (const auto& stream : streams) {
    const std::string rest = co_await read_octets(*stream, 1);
    CHECK(rest.empty());
  }
  const auto refused = co_await net::connect_tcp(loop, "127.0.0.1", listener.port(), 5s);
  CHECK_FALSE(refused.ok());
}

// Connects `client` while the process may open no descriptor, and waits for the greeting after that has changed.
base::Task<void> connect_when_exhausted(Loop& loop, std::uint16_t port, int client, std::string& text) {
  Streams streams;
  std::vector<std::string> texts;
  // All of it once before: the sanitizer needs descriptors when it meets a type for the first time.
  co_await connect_many(loop, port, 1, streams, texts);
  co_await loop.sleep(1ms);
  co_await loop.sleep(1ms);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;
  ::setrlimit(RLIMIT_NOFILE, &none);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  co_await loop.sleep(20ms);
  std::array<char, 16> buffer{};
  const ssize_t early = ::recv(client, buffer.data(), buffer.size(), MSG_DONTWAIT);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(connected == 0);  // by the kernel: it waits in the listener's queue
  CHECK(early == -1);
  for (int i = 0; i < 1000 && text.empty(); ++i) {
    co_await loop.sleep(2ms);
    const ssize_t count = ::recv(client, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) text.assign(buffer.data(), static_cast<std::size_t>(count));
  }
}

// One client that echoes a few pieces and is then disturbed in one of several ways.
base::Task<void> restless_client(Loop& loop, std::uint16_t port, unsigned seed, int& left) {
  std::minstd_rand random(seed);
  auto stream = co_await net::connect_tcp(loop, "127.0.0.1", port, 10s);
  if (stream.ok()) {
    Stream& peer = **stream;
    net::Timer disturbance(loop, [&] {
      if (seed % 3 == 0) peer.close();
      else peer.interrupt();
    });
    disturbance.start(std::chrono::milliseconds(random() % 20));
    peer.set_timeout(std::chrono::milliseconds(seed % 5 == 0 ? 5 : 5000));
    for (int i = 0; i < 8; ++i) {
      const std::string octets(random() % 100'000, 'x');
      const auto written = co_await peer.write(octets);
      if (!written.ok()) break;
      const std::string back = co_await read_octets(peer, octets.size());
      if (back.size() < octets.size() && seed % 2 == 0) break;
    }
    if (seed % 4 == 0) {
      co_await peer.shutdown();
    }
  }
  --left;
}

base::Task<void> crowd(Loop& loop, net::Listener& listener, int clients, std::size_t& sessions_left) {
  int left = clients;
  for (int i = 0; i < clients; ++i) base::spawn(restless_client(loop, listener.port(), static_cast<unsigned>(i), left));
  while (left > 0) {
    co_await loop.sleep(2ms);
  }
  for (int i = 0; i < 2000 && listener.sessions() > 0; ++i) {
    co_await loop.sleep(2ms);
  }
  sessions_left = listener.sessions();
}

}  // namespace

TEST_CASE("connections over a limit are told so and closed; there is room again afterwards") {
  Loop loop;
  net::ListenOptions options;
  options.refusal = "421\n";
  SECTION("per address") { options.most_per_address = 2; }
  SECTION("in all") { options.most_sessions = 2; }
  const auto listener = open_listener(loop, options, greet);
  std::vector<std::string> texts;
  run(loop, fill_and_refuse(loop, *listener, texts));
  CHECK(texts == std::vector<std::string>{"220\n", "220\n", "421\n", "220\n"});
}

TEST_CASE("the limit per address is 50 by default, and a /64 of IPv6 counts as one address") {
  CHECK(net::ListenOptions{}.most_per_address == 50);
  using net::Admission;
  CHECK(Admission::group_of("192.0.2.1") == "192.0.2.1");
  CHECK(Admission::group_of("2001:db8:0:1::5") == Admission::group_of("2001:db8:0:1:ffff::6"));
  CHECK(Admission::group_of("2001:db8:0:1::5") != Admission::group_of("2001:db8:0:2::5"));
  Loop loop;
  Admission admission(1000, 50, nullptr);
  for (int i = 0; i < 50; ++i) CHECK(admission.admit(loop, "192.0.2.1").refusal == Admission::Refusal::None);
  CHECK(admission.admit(loop, "192.0.2.1").refusal == Admission::Refusal::TooManyFromAddress);
  CHECK(admission.admit(loop, "192.0.2.2").refusal == Admission::Refusal::None);
  for (int i = 0; i < 60; ++i) CHECK(admission.admit(loop, "unix").refusal == Admission::Refusal::None);
}

TEST_CASE("when too many have not logged in, the oldest of them goes and those that have stay") {
  Loop loop;
  net::ListenOptions options;
  options.lobby = std::make_shared<net::Lobby>(2);
  const auto listener = open_listener(loop, options, greet);
  std::vector<std::string> after;
  run(loop, drop_oldest(loop, *listener, after));
  CHECK(after == std::vector<std::string>{"timeout", "ended", "timeout", "timeout"});
}

TEST_CASE("close_sessions ends every session and stop_accepting lets nobody in") {
  Loop loop;
  const auto listener = open_listener(loop, {}, greet);
  std::vector<std::string> texts;
  run(loop, close_all_sessions(loop, *listener, texts));
  CHECK(texts == std::vector<std::string>{"220\n", "220\n", "220\n", "220\n"});
}

TEST_CASE("sessions are spread over loops on threads of their own and are closed from the accepting one") {
  Loop main;
  Loop first;
  Loop second;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const auto session = [&](Loop& loop, std::unique_ptr<Stream> stream) {
    {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    CHECK(base::Executor::current() == &loop);
    return greet(loop, std::move(stream));
  };
  auto opened = net::Listener::open(main, {&first, &second}, {"127.0.0.1", 0, ""}, {}, session);
  REQUIRE(opened.ok());
  std::thread one([&] { first.run(); });
  std::thread two([&] { second.run(); });
  std::vector<std::string> texts;
  run(main, close_all_sessions(main, **opened, texts));
  first.stop();
  second.stop();
  one.join();
  two.join();
  CHECK(texts.size() == 4);
  CHECK(threads.size() == 2);
  CHECK(threads.count(std::this_thread::get_id()) == 0);
}

TEST_CASE("a crowd of restless clients leaves no session behind, over loops on threads of their own") {
  Loop main;
  Loop first;
  Loop second;
  net::ListenOptions options;
  options.most_per_address = 1000;
  auto opened = net::Listener::open(main, {&first, &second}, {"127.0.0.1", 0, ""}, options, echo);
  REQUIRE(opened.ok());
  std::thread one([&] { first.run(); });
  std::thread two([&] { second.run(); });
  std::size_t sessions_left = 1;
  run(main, crowd(main, **opened, 120, sessions_left));
  CHECK(sessions_left == 0);
  first.stop();
  second.stop();
  one.join();
  two.join();
}

TEST_CASE("when descriptors run out a connection waits and is accepted later") {
  Loop loop;
  const auto listener = open_listener(loop, {}, greet);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string text;
  run(loop, connect_when_exhausted(loop, listener->port(), client, text));
  ::close(client);
  CHECK(text == "220\n");
}

TEST_CASE("an address in use and an address that is none are told apart") {
  Loop loop;
  const auto listener = open_listener(loop, {}, greet);
  const auto again = net::Listener::open(loop, {&loop}, {"127.0.0.1", listener->port(), ""}, {}, greet);
  CHECK(again.error().code == Errc::Exists);
  CHECK(again.error().text == "listen on 127.0.0.1:" + std::to_string(listener->port()) +
                                  ": Address already in use (`ss -ltnp` names the program that has it: stop that, or "
                                  "listen elsewhere)");
  CHECK(net::Listener::open(loop, {&loop}, {"not an address", 0, ""}, {}, greet).error().code == Errc::Invalid);
  const std::string long_path = "/tmp/" + std::string(120, 'x');
  CHECK(net::Listener::open(loop, {&loop}, {"", 0, long_path}, {}, greet).error().code == Errc::Invalid);
}
