// Sync points: named places in the code at which the crash tests (tests/crash) end the process as a crash would, and the
// faults by which they prove that they would notice. Both exist only when the CMake option HEARTHMAIL_CRASH_HOOKS is ON;
// otherwise the two functions below are empty and their names do not reach the program. Any thread.
#pragma once

#include <string_view>

#ifdef HEARTHMAIL_CRASH_HOOKS
#include <cstdint>
#include <string>
#endif

namespace hearthmail::base {

#ifdef HEARTHMAIL_CRASH_HOOKS

// Kills the process (SIGKILL) when HEARTHMAIL_SYNC_POINT says so: "before-commit:17" at the 17th time that point is reached,
// "@DIR" as the file DIR/<program's name> says at that moment, in the same form (at least kPlanOctets octets, the rest
// blank or zero), so that a point can be armed while the program runs. Without the variable nothing happens.
void sync_point(std::string_view name);

// Is the named fault switched on (HEARTHMAIL_FAULT, one name)? Known are reply-before-commit, delete-before-commit, send-unmarked,
// deliver-again, nosync.
bool fault(std::string_view name);

// Is it one of the two variables above? They are no configuration keys (without crash hooks they are refused as unknown).
bool is_crash_variable(std::string_view name);

constexpr std::size_t kPlanOctets = 64;  // of the file that arms a point

// "name:count": which point, and at which time it is reached. Not thread-safe.
class SyncPlan {
 public:
  // The same text again changes nothing: its counting goes on. Anything but "name:count" disarms.
  void set(std::string_view text);
  // True when `name` is reached for the last time that the plan allows.
  bool hit(std::string_view name);

 private:
  std::string text_;
  std::string name_;
  std::uint64_t left_ = 0;
};

#else

constexpr void sync_point(std::string_view) {}
constexpr bool fault(std::string_view) { return false; }
constexpr bool is_crash_variable(std::string_view) { return false; }

#endif

}  // namespace hearthmail::base
