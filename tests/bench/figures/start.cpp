// From the start of the server's program to the first octet of an IMAP greeting.
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/bench/figures/bounded.hpp"
#include "tests/bench/load/connection.hpp"

namespace hearthmail::bench {

namespace {

using base::Errc;
using base::Error;
using base::Result;
using std::chrono::steady_clock;

constexpr std::chrono::microseconds kKnockAgain{200};
constexpr std::chrono::seconds kDeadline{60};
constexpr std::size_t kStarts = 5;  // per measurement; their mean counts

// Knocks until somebody greets; the time of that.
steady_clock::time_point wait_for_greeting(const Endpoint& door, const std::atomic<bool>& given_up) {
  while (!given_up) {
    auto connection = Connection::open(door);
    if (connection.ok() && (*connection)->fill().ok()) break;
    std::this_thread::sleep_for(kKnockAgain);
  }
  return steady_clock::now();
}

Result<double> one_start(Server& server) {
  TRY(server.stop());
  std::atomic<bool> given_up{false};
  steady_clock::time_point greeted;
  const auto began = steady_clock::now();
  std::thread knocker([&] { greeted = wait_for_greeting(server.services().imap, given_up); });
  const auto started = server.start();
  given_up = !started.ok();
  knocker.join();
  if (!started.ok()) return started.error();
  return std::chrono::duration<double, std::milli>(greeted - began).count();
}

Result<Measure> measure(Server& server, const Options&) {
  Measure measured;
  for (std::size_t i = 0; i < kStarts; ++i) {
    TRY_ASSIGN(const double took, one_start(server));
    measured.value += took / static_cast<double>(kStarts);
  }
  return measured;
}

}  // namespace

std::vector<Figure> start_figures() { return {bounded("start", "cold start to IMAP greeting", "ms", 20, measure)}; }

}  // namespace hearthmail::bench
