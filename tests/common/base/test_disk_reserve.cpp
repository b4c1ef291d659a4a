#include "common/base/disk_reserve.hpp"

#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

using namespace hearthmail::base;

namespace {

constexpr std::uint64_t kMega = 1024 * 1024;

// A disk whose free octets the test sets.
struct Disk {
  DiskSpace space{1000 * kMega, 1000 * kMega};
  std::uint64_t free_pages = 0;
  std::vector<bool> told;
  DiskReserve reserve{[this] { return space; }, 0,
                      [this](bool reached, const DiskSpace&, std::uint64_t) { told.push_back(reached); },
                      [this] { return free_pages; }};
  bool takes(std::uint64_t free, std::uint64_t octets) {
    space.free = free;
    return reserve.check(octets).ok();
  }
};

}  // namespace

TEST_CASE("the reserve is a twentieth of the disk, within bounds, never most of it", "[limits]") {
  CHECK(reserve_for(256 * kMega) == 256 * kMega / 20);
  CHECK(reserve_for(100 * kMega) == 8 * kMega);
  CHECK(reserve_for(4'000'000 * kMega) == 2048 * kMega);
  CHECK(reserve_for(10 * kMega) == 5 * kMega);
  CHECK(reserve_for(0) == 0);
}

TEST_CASE("mail that would reach into the reserve is refused, and told once", "[limits]") {
  Disk disk;  // keeps 50 MiB
  CHECK(disk.takes(60 * kMega, 10 * kMega));
  CHECK_FALSE(disk.takes(60 * kMega, 11 * kMega));
  CHECK_FALSE(disk.reserve.reached());  // a small one still fits
  CHECK(disk.told.empty());
  CHECK_FALSE(disk.takes(50 * kMega - 1, 0));
  CHECK_FALSE(disk.takes(49 * kMega, 1));
  CHECK(disk.reserve.reached());
  CHECK(disk.told == std::vector<bool>{true});
}

TEST_CASE("the reserve is over when an eighth more is free") {
  Disk disk;
  CHECK_FALSE(disk.takes(49 * kMega, 0));
  CHECK_FALSE(disk.takes(51 * kMega, 0));
  CHECK(disk.takes(57 * kMega, 0));
  CHECK_FALSE(disk.reserve.reached());
  CHECK(disk.takes(51 * kMega, 0));
  CHECK(disk.told == std::vector<bool>{true, false});
}

TEST_CASE("a store's own free pages take mail while half of the reserve is left") {
  Disk disk;
  disk.free_pages = 24 * kMega;
  CHECK(disk.takes(49 * kMega, 6 * kMega));
  CHECK_FALSE(disk.takes(49 * kMega, 5 * kMega));  // 12 MiB were promised: half of 8 is left
  CHECK_FALSE(disk.reserve.reached());
  CHECK(disk.takes(49 * kMega, 1 * kMega));
  CHECK_FALSE(disk.takes(24 * kMega, 0));  // less than half of the reserve
  CHECK(disk.reserve.reached());
}

TEST_CASE("a disk far from full is not asked for every letter, but soon again, and when much came in", "[limits]") {
  int asked = 0;
  DiskSpace space{100'000 * kMega, 50'000 * kMega};
  const auto measure = [&] {
    ++asked;
    return space;
  };
  DiskReserve reserve(measure, 1000 * kMega);
  CHECK(reserve.check(1).ok());
  space.free = 999 * kMega;  // is not seen yet
  CHECK(reserve.check(400 * kMega).ok());
  CHECK(asked == 1);
  CHECK_FALSE(reserve.check(200 * kMega).ok());  // more than half of kFarFromFull in all
  CHECK(asked == 2);
  CHECK(reserve.reached());
  CHECK_FALSE(reserve.check(1).ok());
  CHECK(asked == 3);  // near its end the disk is asked every time
  space.free = 1000 * kMega + kFarFromFull - 1;
  CHECK(reserve.check(0).ok());
  CHECK(reserve.check(0).ok());
  CHECK(asked == 5);
  space.free += 1;
  CHECK(reserve.check(0).ok());
  std::this_thread::sleep_for(kFarFromFullAge);
  CHECK(reserve.check(0).ok());
  CHECK(asked == 7);
}

TEST_CASE("a configured reserve is taken as it is; a disk that cannot be asked is not called full") {
  DiskReserve configured([] { return DiskSpace{1000 * kMega, 99 * kMega}; }, 100 * kMega);
  CHECK_FALSE(configured.check(0).ok());
  DiskReserve unknown([] { return std::optional<DiskSpace>(); }, 100 * kMega);
  CHECK(unknown.check(1).ok());
  CHECK_FALSE(measure_disk("/nowhere/at/all").has_value());
  REQUIRE(measure_disk("/tmp/not-made-yet").has_value());
  CHECK(measure_disk("/tmp")->octets > 0);
}
