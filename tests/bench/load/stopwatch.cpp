#include "tests/bench/load/stopwatch.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace hearthmail::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The process's own clock, all its threads, to the nanosecond; 0 for a process that is gone.
double own_cpu_of(int process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// cutime and cstime of /proc/PID/stat (proc(5), fields 16 and 17), in seconds: of its children that have ended.
double cpu_of_children(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(file, text, '\0');  // a process that ends while it is read is a failed read, not an exception
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 3; i < 16; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

double cpu_of_this_process() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double cpu_of(const std::vector<int>& processes) {
  double sum = 0;
  for (const int process : processes) sum += own_cpu_of(process) + cpu_of_children(process);
  return sum;
}

Stopwatch::Stopwatch(const Server& server) : server_(server) {
  own_cpu_ = cpu_of_this_process();
  server_cpu_ = cpu_of(server.processes());
  start_ = std::chrono::steady_clock::now();
}

double Stopwatch::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

Measure Stopwatch::shares() const {
  const double room = seconds() * static_cast<double>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  Measure measure;
  measure.generator_share = (cpu_of_this_process() - own_cpu_) / room;
  measure.server_share = std::max(0.0, cpu_of(server_.processes()) - server_cpu_) / room;
  return measure;
}

Measure Stopwatch::per_second(double amount) const {
  const double took = seconds();
  auto measure = shares();
  measure.value = amount / took;
  return measure;
}

Measure Stopwatch::milliseconds(double rounds) const {
  const double took = seconds();
  auto measure = shares();
  measure.value = took * 1000.0 / rounds;
  return measure;
}

base::Status at_once(std::size_t count, const std::function<base::Status(std::size_t)>& prepare,
                     const std::function<void()>& between, const std::function<base::Status(std::size_t)>& work) {
  std::vector<std::optional<base::Error>> errors(count);
  std::barrier start(static_cast<std::ptrdiff_t>(count) + 1);
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.emplace_back([&, i] {
      auto ready = prepare(i);
      start.arrive_and_wait();
      start.arrive_and_wait();
      auto done = ready.ok() ? work(i) : std::move(ready);
      if (!done.ok()) errors[i] = done.error();
    });
  }
  start.arrive_and_wait();
  between();
  start.arrive_and_wait();
  for (auto& client : clients) client.join();
  for (auto& error : errors) {
    if (error.has_value()) return std::move(*error);
  }
  return base::ok();
}

}  // namespace hearthmail::bench
