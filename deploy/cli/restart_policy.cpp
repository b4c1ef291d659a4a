#include "deploy/cli/restart_policy.hpp"

#include <algorithm>

namespace hearthmail::cli {

std::optional<std::chrono::milliseconds> RestartPolicy::ended(std::chrono::milliseconds ran, int exit_code) {
  if (ran >= kStableRun) short_runs_ = 0;
  ++short_runs_;
  if (exit_code == kBadConfiguration || short_runs_ >= kMostShortRuns) return std::nullopt;
  return std::min<std::chrono::milliseconds>(kFirstRestartWait * (1U << (short_runs_ - 1)), kLongestRestartWait);
}

}  // namespace hearthmail::cli
