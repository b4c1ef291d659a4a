// What the tests of common/net share: a loop that runs one coroutine to its end, a temporary directory, an echo server.
#pragma once

#include <array>
#include <csignal>
#include <memory>
#include <string>

#include "common/crypto/tls.hpp"
#include "common/net/listener.hpp"
#include "common/net/loop.hpp"
#include "common/net/tcp.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_directory.hpp"

namespace hearthmail::test {

inline base::Task<void> run_then_stop(net::Loop& loop, base::Task<void> task) {
  co_await task;
  loop.stop();
}

// Runs `task` on the loop until it ends. What else runs on the loop is unwound by the loop's end.
inline void run(net::Loop& loop, base::Task<void> task) {
  const auto held = std::make_shared<base::Task<void>>(std::move(task));
  loop.post([&loop, held] { base::spawn(run_then_stop(loop, std::move(*held))); });
  loop.run();
}

inline base::Task<void> echo(net::Loop&, std::unique_ptr<net::Stream> stream) {
  std::array<char, 8192> buffer{};
  for (;;) {
    const auto count = co_await stream->read(buffer);
    if (!count.ok() || *count == 0) break;
    const std::string_view octets(buffer.data(), *count);
    const auto written = co_await stream->write(octets);
    if (!written.ok()) break;
  }
  co_await stream->shutdown();
}

// Reads `count` octets, or what came before an end or an error.
inline base::Task<std::string> read_octets(net::Stream& stream, std::size_t count) {
  std::string all;
  std::array<char, 8192> buffer{};
  while (all.size() < count) {
    const std::span<char> room(buffer.data(), std::min(buffer.size(), count - all.size()));
    const auto got = co_await stream.read(room);
    if (!got.ok() || *got == 0) break;
    all.append(buffer.data(), *got);
  }
  co_return all;
}

inline std::unique_ptr<net::Listener> open_listener(net::Loop& loop, net::ListenOptions options, net::Session session,
                                                    const net::Endpoint& endpoint = {"127.0.0.1", 0, ""}) {
  auto listener = net::Listener::open(loop, {&loop}, endpoint, std::move(options), std::move(session));
  if (!listener.ok()) FAIL(listener.error().text);
  return std::move(listener).value();
}

// As every program's main does: a peer that leaves must not kill the tests.
inline const bool kSigpipeIgnored = std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;

// A certificate for localhost and 127.0.0.1, a server that shows it and a client that trusts it.
class Certificate {
 public:
  Certificate() {
    write("mail.example.test");
    auto loaded = crypto::TlsServer::load(certificate(), key());
    REQUIRE(loaded.ok());
    server_ = std::move(loaded).value();
    client_ = trusting_client();
  }
  void write(const std::string& host) { REQUIRE(crypto::write_self_signed(certificate(), key(), host, 30).ok()); }
  std::unique_ptr<crypto::TlsClient> trusting_client() const {
    auto made = crypto::TlsClient::create(certificate());
    REQUIRE(made.ok());
    return std::move(made).value();
  }
  std::string certificate() const { return dir_.path("cert.pem"); }
  std::string key() const { return dir_.path("key.pem"); }
  const crypto::TlsServer* server() const { return server_.get(); }
  const crypto::TlsClient& client() const { return *client_; }

 private:
  TempDirectory dir_;
  std::unique_ptr<crypto::TlsServer> server_;
  std::unique_ptr<crypto::TlsClient> client_;
};

}  // namespace hearthmail::test
