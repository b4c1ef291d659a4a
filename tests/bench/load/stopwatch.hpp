// How long something took and who was busy meanwhile; several clients at once that start together.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/base/result.hpp"
#include "tests/bench/figure.hpp"

namespace hearthmail::bench {

// Runs from its making. CPU time of the generator is this process's, that of the server its processes' and of their
// children that ended meanwhile.
class Stopwatch {
 public:
  explicit Stopwatch(const Server& server);
  // `amount` per second, with the shares of the CPU; e.g. messages.
  Measure per_second(double amount) const;
  // The time itself in milliseconds over `rounds`.
  Measure milliseconds(double rounds) const;
  double seconds() const;

 private:
  Measure shares() const;

  const Server& server_;
  std::chrono::steady_clock::time_point start_;
  double own_cpu_ = 0, server_cpu_ = 0;
};

// Sums of user and system time in seconds.
double cpu_of_this_process();
double cpu_of(const std::vector<int>& processes);

// Runs `client(0)` to `client(count - 1)` on threads of their own and returns the first error. `prepare(i)` runs before
// (connects, logs in); nobody starts the work before all are prepared. `between` runs once when all are ready: the place
// to start the clock.
base::Status at_once(std::size_t count, const std::function<base::Status(std::size_t)>& prepare,
                     const std::function<void()>& between, const std::function<base::Status(std::size_t)>& work);

}  // namespace hearthmail::bench
