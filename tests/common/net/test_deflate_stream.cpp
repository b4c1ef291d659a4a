#include <array>
#include <string>

#include "common/net/deflate_stream.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"

using namespace hearthmail;

namespace {

struct Reading {
  std::string text;
  std::size_t largest = 0;
  base::Status status;
};

base::Task<void> read_all(net::Stream& stream, std::size_t room, Reading& reading) {
  std::string buffer(room, '\0');
  for (;;) {
    const std::span<char> into(buffer);
    const auto count = co_await stream.read(into);
    if (!count.ok()) reading.status = count.error();
    if (!count.ok() || *count == 0) co_return;
    reading.text.append(buffer, 0, *count);
    reading.largest = std::max(reading.largest, *count);
  }
}

base::Task<void> write_two(net::Stream& stream, std::string first, std::string second) {
  const auto one = co_await stream.write(first);
  CHECK(one.ok());
  const auto two = co_await stream.write(second);
  CHECK(two.ok());
}

// What the other end of the wire sends for these two writes.
std::string deflated(const std::string& first, const std::string& second = "") {
  test::ScriptedStream plain("");
  net::DeflateStream stream(plain);
  test::run_task(write_two(stream, first, second));
  return plain.take_output();
}

Reading inflated(std::string octets, std::size_t step, std::size_t room) {
  test::ScriptedStream plain(std::move(octets), step);
  net::DeflateStream stream(plain);
  REQUIRE(stream.ready());
  Reading reading;
  test::run_task(read_all(stream, room, reading));
  return reading;
}

}  // namespace

TEST_CASE("what a peer deflated is read, in any packing, RFC 4978", "[net][deflate]") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const auto room = GENERATE(std::size_t{1}, 5000u);
  const auto reading = inflated(deflated("a NOOP\r\n", "b NOOP\r\n"), step, room);
  CHECK(reading.text == "a NOOP\r\nb NOOP\r\n");
  CHECK(reading.status.ok());
}

TEST_CASE("a small input that stands for much is handed out as it is asked for", "[net][deflate][limits]") {
  const std::string octets = deflated(std::string(10'000'000, 'x'));
  CHECK(octets.size() < 100'000);
  const auto reading = inflated(octets, 4096, 16'384);
  CHECK(reading.text.size() == 10'000'000);
  CHECK(reading.largest <= 16'384);
}

TEST_CASE("octets that are no deflate stream end the connection", "[net][deflate]") {
  const auto reading = inflated("\xff\xff\xff\xff this is no deflate", 4096, 100);
  REQUIRE_FALSE(reading.status.ok());
  CHECK(reading.status.error().code == base::Errc::Protocol);
}

TEST_CASE("each write is flushed, and what repeats is sent once", "[net][deflate]") {
  std::string large;
  for (int i = 0; i < 50'000; ++i) large += std::to_string(i * 7919) + "\r\n";
  const std::string first = deflated("* OK first\r\n");
  CHECK(inflated(first, 4096, 4096).text == "* OK first\r\n");
  const std::string both = deflated("* OK first\r\n", large);
  CHECK(both.starts_with(first));
  CHECK(inflated(both, 4096, 4096).text == "* OK first\r\n" + large);
  CHECK(both.size() < large.size() / 2);
  CHECK(deflated("", "").empty());
}
