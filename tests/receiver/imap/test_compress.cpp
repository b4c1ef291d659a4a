#include "common/net/deflate_stream.hpp"
#include "tests/receiver/imap/fixture.hpp"
#include "tests/support/scripted_stream.hpp"

using namespace hearthmail;
using namespace hearthmail::test;

namespace {

base::Task<void> write_one(net::Stream& stream, std::string text) {
  const auto written = co_await stream.write(text);
  CHECK(written.ok());
}

base::Task<void> read_all(net::Stream& stream, std::string& text) {
  std::string buffer(1000, '\0');
  for (;;) {
    const std::span<char> into(buffer);
    const auto count = co_await stream.read(into);
    if (!count.ok() || *count == 0) co_return;
    text.append(buffer, 0, *count);
  }
}

// The client's end of the compressed connection: one deflate stream in each direction.
struct Compressed {
  ScriptedStream sent{""};
  net::DeflateStream deflate{sent};
  std::string received;

  std::string talk(ImapClient& client, const std::string& text) {
    run_task(write_one(deflate, text));
    received += client.talk(sent.take_output());
    ScriptedStream wire(received);
    net::DeflateStream inflate(wire);
    std::string all;
    run_task(read_all(inflate, all));
    return all;
  }
};

}  // namespace

TEST_CASE_METHOD(ImapFixture, "COMPRESS DEFLATE, RFC 4978 3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  CHECK(client.talk("a COMPRESS DEFLATE\r\n").find("a BAD") != std::string::npos);
  client.login();
  CHECK(client.talk("b COMPRESS LZ4\r\n") == "b NO [CANNOT] Only DEFLATE is offered\r\n");
  // What was sent behind the command before its answer is not run.
  CHECK(client.talk("c COMPRESS DEFLATE\r\n") == "c OK DEFLATE active\r\n");
  Compressed wire;
  CHECK(wire.talk(client, "d NOOP\r\n") == "d OK NOOP completed\r\n");
  const std::string again = wire.talk(client, "e COMPRESS DEFLATE\r\nf CAPABILITY\r\n");
  CHECK(again.find("e NO [COMPRESSIONACTIVE]") != std::string::npos);
  CHECK(again.find("COMPRESS=DEFLATE") == std::string::npos);
  CHECK(wire.talk(client, "g LOGOUT\r\n").find("g OK LOGOUT completed") != std::string::npos);
  CHECK(client.done());
}

TEST_CASE_METHOD(ImapFixture, "a compressed client stays within the framer's limits, RFC 4978") {
  ImapClient client(*this);
  client.login();
  client.talk("a COMPRESS DEFLATE\r\n");
  Compressed wire;
  const std::string answer = wire.talk(client, "b NOOP " + std::string(900'000, 'x') + "\r\nc NOOP\r\n");
  CHECK(answer.find("b BAD [TOOBIG]") != std::string::npos);
  CHECK(answer.find("c OK NOOP completed") != std::string::npos);
}
