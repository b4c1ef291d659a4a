#include "relay/backoff.hpp"

#include <algorithm>
#include <array>

namespace hearthmail::relay {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<minutes, 6> kRetries{minutes{1}, minutes{5}, minutes{15}, minutes{30}, minutes{50}, kLongestWait};
constexpr std::array<minutes, 4> kProbes{minutes{1}, minutes{2}, minutes{5}, minutes{15}};
constexpr minutes kShortestSenderWait{2};
constexpr seconds kShortestLocalWait{5};
constexpr minutes kLongestLocalWait{5};

template <std::size_t N>
seconds nth(const std::array<minutes, N>& table, std::uint32_t n) {
  return table[std::min<std::size_t>(n == 0 ? 0 : n - 1, N - 1)];
}

}  // namespace

seconds retry_delay(std::uint32_t attempts) { return nth(kRetries, attempts); }

seconds retry_delay(std::uint32_t attempts, double chance) {
  const auto base = static_cast<double>(retry_delay(attempts).count());
  const double factor = 1.0 + kJitter * (2.0 * std::clamp(chance, 0.0, 1.0) - 1.0);
  return seconds{static_cast<seconds::rep>(base * factor)};
}

std::uint32_t least_attempts(seconds lifetime) {
  const seconds trying = std::min<seconds>(lifetime, kLeastTrying);
  std::uint32_t attempts = 0;
  for (seconds spent = retry_delay(1); spent < trying; spent += retry_delay(attempts + 1)) ++attempts;
  return attempts;
}

seconds probe_delay(std::uint32_t faults) { return nth(kProbes, faults); }

seconds sender_delay(seconds age) { return std::clamp<seconds>(age / 4, kShortestSenderWait, kLongestWait); }

seconds local_delay(seconds age) { return std::clamp<seconds>(age / 2, kShortestLocalWait, kLongestLocalWait); }

}  // namespace hearthmail::relay
