// DiskReserve: may new mail come in, or is the disk too full? What must always go on (deleting, flags, the queue's
// bookkeeping, reading) does not ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/result.hpp"

namespace hearthmail::base {

struct DiskSpace {
  std::uint64_t octets = 0;  // of the whole file system
  std::uint64_t free = 0;    // for us, without what the file system keeps for root
};
// The disk of `directory`, or of its parent while it is not made yet. Nothing when it cannot be asked.
std::optional<DiskSpace> measure_disk(const std::string& directory);

// The reserve: a twentieth of the disk, so that mail is refused from 95 % on. Deleting, with copy on write, needs some
// megaoctets however large the disk is; a hundred gigaoctets of a large disk would lie idle for nothing.
constexpr std::uint64_t kReserveShare = 20;
constexpr std::uint64_t kLeastReserve = 8ULL * 1024 * 1024;        // octets; a group of commits writes as much at once
constexpr std::uint64_t kMostReserve = 2ULL * 1024 * 1024 * 1024;  // octets
constexpr std::uint64_t kReuseMargin = 4ULL * 1024 * 1024;         // octets of a store's own free pages left alone
constexpr std::chrono::milliseconds kReuseAge{1'000};              // how old the count of those pages may be
// Asking the disk costs as much as taking a small letter does. So one that was found far from full is not asked again for a
// moment, in which no disk takes half of this, nor while what was let in since is less than half of it.
constexpr std::uint64_t kFarFromFull = 1024ULL * 1024 * 1024;  // octets free beyond the reserve
constexpr std::chrono::milliseconds kFarFromFullAge{100};
std::uint64_t reserve_for(std::uint64_t disk_octets);

// Refuses from the reserve on, and takes mail again when an eighth more than the reserve is free, so that it does not
// change its mind with every message. A store that has free pages of its own (mail was deleted; its file never shrinks)
// may fill half of them meanwhile, as long as half of the reserve is free. Thread-safe.
class DiskReserve {
 public:
  using Measure = std::function<std::optional<DiskSpace>()>;
  using Reusable = std::function<std::uint64_t()>;  // octets of the store's own free pages
  // Called once when the reserve is reached and once when it is over, on the thread that noticed.
  using Changed = std::function<void(bool reached, const DiskSpace& space, std::uint64_t reserve)>;

  // `octets`: the reserve; 0: reserve_for() the disk.
  DiskReserve(Measure measure, std::uint64_t octets, Changed changed = nullptr, Reusable reusable = nullptr);
  DiskReserve(const DiskReserve&) = delete;
  DiskReserve& operator=(const DiskReserve&) = delete;

  // Is there room for `octets` more of new mail? Unavailable. A disk that cannot be asked is not called full: the write
  // will tell.
  Status check(std::uint64_t octets);
  // What the last check found: no new mail, however small.
  bool reached() const;

 private:
  bool still_far(std::uint64_t octets);
  void remember(const DiskSpace& space, std::uint64_t reserve);
  bool fits(const DiskSpace& space, std::uint64_t reserve, std::uint64_t octets);
  bool reusable(std::uint64_t octets);

  const Measure measure_;
  const std::uint64_t octets_;
  const Changed changed_;
  const Reusable reusable_;
  mutable std::mutex mutex_;
  bool reached_ = false;
  std::uint64_t free_pages_ = 0;  // octets, less what was promised since they were counted
  std::optional<std::chrono::steady_clock::time_point> counted_;
  std::optional<std::chrono::steady_clock::time_point> far_since_;  // when the disk was found far from full
  std::uint64_t let_in_ = 0;                                        // octets, since then
};

}  // namespace hearthmail::base
