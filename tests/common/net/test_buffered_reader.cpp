#include "common/net/buffered_reader.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"

using namespace hearthmail;
using base::Errc;
using net::BufferedReader;
using test::run_task;
using test::ScriptedStream;

TEST_CASE("lines and counted octets come out whatever the packing") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ScriptedStream stream("EHLO a\r\nbare\n\r\n{5}\r\nab\r\ncX\r\nlast", step);
  BufferedReader reader(stream);
  CHECK(run_task(reader.line(100)).value() == "EHLO a");
  CHECK(run_task(reader.line(100)).value() == "bare");
  CHECK(run_task(reader.line(100)).value().empty());
  CHECK(run_task(reader.line(5)).value() == "{5}");
  CHECK(run_task(reader.exactly(5)).value() == "ab\r\nc");
  CHECK(run_task(reader.exactly(0)).value().empty());
  CHECK(run_task(reader.line(100)).value() == "X");
  const auto end = run_task(reader.line(100));
  CHECK(end.error().code == Errc::Closed);
  CHECK(end.error().text == "the peer ended in the midst of a line or of data");
}

TEST_CASE("a line over its limit is refused and can be drained") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ScriptedStream stream("12345678\r\n123456789\r\n" + std::string(100'000, 'x') + "\r\nNOOP\r\n", step);
  BufferedReader reader(stream);
  CHECK(run_task(reader.line(10)).value() == "12345678");
  CHECK(run_task(reader.line(10)).error().code == Errc::OverLimit);
  REQUIRE(run_task(reader.skip_line()).ok());
  CHECK(run_task(reader.line(10)).error().code == Errc::OverLimit);
  REQUIRE(run_task(reader.skip_line()).ok());
  CHECK(run_task(reader.line(10)).value() == "NOOP");
  CHECK(run_task(reader.line(10)).error().text == "the peer closed the connection");
}

TEST_CASE("an interrupt keeps the half line that had arrived") {
  ScriptedStream stream("NO", 4096);
  BufferedReader reader(stream);
  REQUIRE(run_task(reader.fill()).value() == 2);
  stream.interrupt();
  CHECK(run_task(reader.line(100)).error().code == Errc::Interrupted);
  stream.append_input("OP\r\n");
  CHECK(run_task(reader.line(100)).value() == "NOOP");
}

TEST_CASE("what was buffered before STARTTLS is dropped, RFC 3207 4.2") {
  ScriptedStream stream("STARTTLS\r\nMAIL FROM:<a@b>\r\n", 4096);
  BufferedReader reader(stream);
  CHECK(run_task(reader.line(100)).value() == "STARTTLS");
  CHECK(reader.has_input());
  reader.discard();
  CHECK_FALSE(reader.has_input());
  stream.append_input("EHLO a\r\n");
  CHECK(run_task(reader.line(100)).value() == "EHLO a");
}

TEST_CASE("raw access: fill, look, consume") {
  ScriptedStream stream("abcdef", 4);
  BufferedReader reader(stream);
  CHECK(run_task(reader.fill()).value() == 4);
  CHECK(reader.buffered() == "abcd");
  reader.consume(3);
  CHECK(run_task(reader.fill()).value() == 2);
  CHECK(reader.buffered() == "def");
  reader.consume(100);
  CHECK(reader.buffered().empty());
  CHECK(run_task(reader.fill()).value() == 0);
}
