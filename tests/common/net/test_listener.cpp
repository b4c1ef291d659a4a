#include <mutex>
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
  Admission admission(1000, 50, 0);
  for (int i = 0; i < 50; ++i) CHECK(admission.admit(loop, "192.0.2.1").refusal == Admission::Refusal::None);
  CHECK(admission.admit(loop, "192.0.2.1").refusal == Admission::Refusal::TooManyFromAddress);
  CHECK(admission.admit(loop, "192.0.2.2").refusal == Admission::Refusal::None);
  for (int i = 0; i < 60; ++i) CHECK(admission.admit(loop, "unix").refusal == Admission::Refusal::None);
}

TEST_CASE("when too many have not logged in, the oldest of them goes and those that have stay") {
  Loop loop;
  net::ListenOptions options;
  options.most_before_login = 2;
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

TEST_CASE("an address in use and an address that is none are told apart") {
  Loop loop;
  const auto listener = open_listener(loop, {}, greet);
  const auto again = net::Listener::open(loop, {&loop}, {"127.0.0.1", listener->port(), ""}, {}, greet);
  CHECK(again.error().code == Errc::Exists);
  CHECK(again.error().text == "listen on 127.0.0.1:" + std::to_string(listener->port()) + ": Address already in use");
  CHECK(net::Listener::open(loop, {&loop}, {"not an address", 0, ""}, {}, greet).error().code == Errc::Invalid);
  const std::string long_path = "/tmp/" + std::string(120, 'x');
  CHECK(net::Listener::open(loop, {&loop}, {"", 0, long_path}, {}, greet).error().code == Errc::Invalid);
}
