#include "common/base/disk_reserve.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <utility>

namespace hearthmail::base {

std::optional<DiskSpace> measure_disk(const std::string& directory) {
  struct statvfs disk {};
  const std::string parent = directory.substr(0, directory.rfind('/'));
  if (::statvfs(directory.c_str(), &disk) != 0 && ::statvfs(parent.c_str(), &disk) != 0) return std::nullopt;
  return DiskSpace{std::uint64_t{disk.f_blocks} * disk.f_frsize, std::uint64_t{disk.f_bavail} * disk.f_frsize};
}

std::uint64_t reserve_for(std::uint64_t disk_octets) {
  const auto share = std::clamp(disk_octets / kReserveShare, kLeastReserve, kMostReserve);
  return std::min(share, disk_octets / 2);  // of a tiny disk something is left for mail
}

DiskReserve::DiskReserve(Measure measure, std::uint64_t octets, Changed changed, Reusable reusable)
    : measure_(std::move(measure)), octets_(octets), changed_(std::move(changed)), reusable_(std::move(reusable)) {}

bool DiskReserve::reached() const {
  const std::lock_guard lock(mutex_);
  return reached_;
}

bool DiskReserve::reusable(std::uint64_t octets) {
  if (!reusable_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!counted_ || now - *counted_ >= kReuseAge) {
    free_pages_ = reusable_();
    counted_ = now;
  }
  return free_pages_ >= kReuseMargin && (free_pages_ - kReuseMargin) / 2 >= octets;
}

bool DiskReserve::fits(const DiskSpace& space, std::uint64_t reserve, std::uint64_t octets) {
  const std::uint64_t wanted = reached_ ? reserve + reserve / 8 : reserve;
  if (space.free >= wanted && space.free - wanted >= octets) return true;
  if (space.free < reserve / 2 || !reusable(octets)) return false;
  free_pages_ -= 2 * octets;
  return true;
}

bool DiskReserve::still_far(std::uint64_t octets) {
  const std::lock_guard lock(mutex_);
  if (!far_since_ || std::chrono::steady_clock::now() - *far_since_ >= kFarFromFullAge) return false;
  let_in_ += std::min(octets, kFarFromFull);
  return let_in_ < kFarFromFull / 2;
}

void DiskReserve::remember(const DiskSpace& space, std::uint64_t reserve) {
  far_since_.reset();
  if (reached_ || space.free < reserve || space.free - reserve < kFarFromFull) return;
  far_since_ = std::chrono::steady_clock::now();
  let_in_ = 0;
}

Status DiskReserve::check(std::uint64_t octets) {
  if (still_far(octets)) return ok();
  const auto space = measure_();
  if (!space) return ok();
  const std::uint64_t reserve = octets_ != 0 ? octets_ : reserve_for(space->octets);
  bool room = false;
  bool turned = false;
  bool reached = false;
  {
    const std::lock_guard lock(mutex_);
    room = fits(*space, reserve, octets);
    reached = !room && (octets == 0 || !fits(*space, reserve, 0));
    turned = reached != reached_;
    reached_ = reached;
    remember(*space, reserve);
  }
  if (turned && changed_) changed_(reached, *space, reserve);
  if (room) return ok();
  return Error{Errc::Unavailable, "the disk has " + std::to_string(space->free) + " octets free and keeps " +
                                      std::to_string(reserve) + " in reserve"};
}

}  // namespace hearthmail::base
