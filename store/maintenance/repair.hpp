// Puts right what a check found, as far as it can be. Every step is one transaction of the writer that looks again at what
// it changes, so it may run while the daemons do. Nothing is dropped before its octets are in a file.
#pragma once

#include <functional>
#include <string>

#include "store/maintenance/check.hpp"

namespace hearthmail::store::maintenance {

struct Repaired {
  std::uint64_t done = 0;  // findings worked on
  std::uint64_t left = 0;  // those that only a backup or the operator can put right
};
// `quarantine` is a directory that is made when it is needed; `say` is told each step in words. One round may bring other
// findings to light (a message that is gone leaves a body without one): check again afterwards.
base::Result<Repaired> repair(const Opened& stores, const Report& report, const std::string& quarantine,
                              const std::function<void(const std::string&)>& say);

}  // namespace hearthmail::store::maintenance
