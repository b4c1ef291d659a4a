// The reserve of the data directory's disk, with one line in the log when it is reached and one when it is over.
#pragma once

#include <memory>

#include "common/base/disk_reserve.hpp"
#include "common/config/settings.hpp"

namespace hearthmail::process {

// `reusable`: octets of free pages in the store that new mail goes to; may be called from any thread.
std::unique_ptr<base::DiskReserve> watch_disk(const config::Settings& settings, base::DiskReserve::Reusable reusable);

}  // namespace hearthmail::process
