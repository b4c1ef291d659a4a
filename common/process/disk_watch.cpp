#include "common/process/disk_watch.hpp"

#include <utility>

#include "common/log/log.hpp"

namespace hearthmail::process {

std::unique_ptr<base::DiskReserve> watch_disk(const config::Settings& settings, base::DiskReserve::Reusable reusable) {
  const std::string directory = settings.data_dir;
  const auto measure = [directory] { return base::measure_disk(directory + "/."); };
  const auto changed = [directory](bool reached, const base::DiskSpace& space, std::uint64_t reserve) {
    if (reached) {
      log::error("disk reserve reached: new mail is refused for now, deleting and sending go on",
                 {{"data_dir", directory}, {"free_octets", space.free}, {"reserve_octets", reserve}});
    } else {
      log::info("disk has room again: new mail is taken",
                {{"data_dir", directory}, {"free_octets", space.free}, {"reserve_octets", reserve}});
    }
  };
  return std::make_unique<base::DiskReserve>(measure, settings.disk_reserve, changed, std::move(reusable));
}

}  // namespace hearthmail::process
