// A client with Nagle's algorithm that sends a message and its end in two small pieces does not wait for our kernel.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using namespace std::chrono_literals;
using net::Loop;
using net::Stream;

namespace {

constexpr int kRounds = 41;
// The kernel delays an acknowledgement by 40 ms at least (Linux, TCP_DELACK_MIN).
constexpr std::chrono::milliseconds kDelayed{40};

// Invites, takes a literal and the line end behind it, and answers: an APPEND as the socket sees it.
base::Task<void> invite_and_take(Loop&, std::unique_ptr<Stream> stream) {
  for (;;) {
    const std::string command = co_await read_octets(*stream, 1);
    if (command.empty()) co_return;
    const auto invited = co_await stream->write("+");
    if (!invited.ok()) co_return;
    const std::string literal = co_await read_octets(*stream, 3);
    const auto answered = co_await stream->write("k");
    if (!answered.ok() || literal.size() != 3) co_return;
  }
}

bool exchange(int fd, const char* sent, std::size_t octets, char expected) {
  char answer = 0;
  return ::send(fd, sent, octets, MSG_NOSIGNAL) == static_cast<ssize_t>(octets) && ::recv(fd, &answer, 1, 0) == 1 &&
         answer == expected;
}

// How long each round took, as a client sees it that knows nothing of TCP_NODELAY.
std::vector<std::chrono::nanoseconds> rounds(std::uint16_t port) {
  std::vector<std::chrono::nanoseconds> took;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool good = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  for (int i = 0; i < kRounds && good; ++i) {
    const auto start = std::chrono::steady_clock::now();
    good = exchange(fd, "a", 1, '+');
    good = good && ::send(fd, "x", 1, MSG_NOSIGNAL) == 1 && exchange(fd, "\r\n", 2, 'k');
    if (good) took.push_back(std::chrono::steady_clock::now() - start);
  }
  ::close(fd);
  return took;
}

base::Task<void> wait_for(Loop& loop, const std::atomic<bool>& done) {
  while (!done) {
    co_await loop.sleep(1ms);
  }
}

}  // namespace

TEST_CASE("the end of a message is not kept back by a delayed acknowledgement") {
  Loop loop;
  const auto listener = open_listener(loop, {}, invite_and_take);
  std::atomic<bool> done{false};
  std::vector<std::chrono::nanoseconds> took;
  std::thread client([&, port = listener->port()] {
    took = rounds(port);
    done = true;
  });
  run(loop, wait_for(loop, done));
  client.join();
  REQUIRE(took.size() == kRounds);
  std::sort(took.begin(), took.end());
  CHECK(took[kRounds / 2] < kDelayed * 3 / 4);  // the median: a busy machine may spoil some
}
