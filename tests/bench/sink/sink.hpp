// A next hop that accepts everything and compares it with what was sent: what smtp-sink is, and TLS, and eyes. A thread per
// connection. It offers what a smarthost does (PIPELINING, 8BITMIME, SIZE, DSN) and, like smtp-sink, keeps nothing on disk.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/result.hpp"
#include "common/crypto/tls.hpp"
#include "tests/bench/figure.hpp"

namespace hearthmail::bench {

class Sink {
 public:
  // Looks at one message as it came. Any thread.
  using Check = std::function<base::Status(std::string_view message)>;

  static base::Result<std::unique_ptr<Sink>> open(Check check);
  // TLS from the first octet, with a certificate of its own in `directory`.
  static base::Result<std::unique_ptr<Sink>> open_tls(Check check, const std::string& directory);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }
  // Waits until `count` messages were accepted. Errors: Timeout; what the check said of a message.
  base::Status wait_for(std::uint64_t count, std::chrono::seconds patience);
  std::uint64_t connections() const { return connections_.load(); }

 private:
  class Conversation;
  explicit Sink(Check check) : check_(std::move(check)) {}
  base::Status listen();
  void start();
  void accept_all();
  void accepted(std::string_view message);

  Check check_;
  std::unique_ptr<crypto::TlsServer> tls_;
  Endpoint endpoint_;
  int listening_ = -1;
  std::thread acceptor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<std::thread> conversations_;
  std::vector<int> sockets_;
  std::uint64_t messages_ = 0;
  std::optional<base::Error> problem_;
  std::atomic<std::uint64_t> connections_{0};
};

}  // namespace hearthmail::bench
