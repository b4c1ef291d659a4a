// RestartPolicy: when a daemon that ended by itself is started again, and when that is given up. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace hearthmail::cli {

constexpr std::chrono::seconds kStableRun{30};               // a run this long forgives what was before it
constexpr std::chrono::milliseconds kFirstRestartWait{500};  // then doubled: 1, 2, 4, 8 seconds
constexpr std::chrono::seconds kLongestRestartWait{15};
constexpr std::uint32_t kMostShortRuns = 6;  // in a row; then it keeps failing and `up` ends
constexpr int kBadConfiguration = 2;         // a daemon's exit code for it: trying again would not help

class RestartPolicy {
 public:
  // A run of `ran` has ended with `exit_code` (negative: by a signal). How long to wait before the next start; nullopt:
  // it keeps failing.
  std::optional<std::chrono::milliseconds> ended(std::chrono::milliseconds ran, int exit_code);
  std::uint32_t short_runs() const { return short_runs_; }

 private:
  std::uint32_t short_runs_ = 0;
};

}  // namespace hearthmail::cli
