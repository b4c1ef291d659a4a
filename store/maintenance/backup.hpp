// A consistent copy of the three environments, made while the daemons work.
//
// The order is queue, mail, accounts. Mail moves from the queue into mailboxes: the relay delivers it over LMTP, and only
// then takes it out of the queue. With the queue copied first, a message that moves in between is in both copies; the other
// way round it could be in neither. Accounts come last, so that every account that has mail or queued mail in the copy is
// known in it, and the counter of account numbers is over all of them: no number is given to somebody else later.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "store/maintenance/check.hpp"

namespace hearthmail::store::maintenance {

constexpr const char* kEnvironments[] = {"queue", "mail", "accounts"};  // in the order of copying
constexpr std::string_view kManifest = "manifest.json";

struct CopiedEnvironment {
  std::string name;
  std::uint64_t octets = 0;  // of data.mdb
  double seconds = 0;        // for which one snapshot was open
};

// Copies into `staging`, a new directory. `progress` is told about four times a second what is being copied and how far.
// Errors: NotFound (no accounts), Exists (staging is there), Unavailable (disk full: nothing is left behind then).
using CopyProgress = std::function<void(std::string_view environment, std::uint64_t octets, std::uint64_t of)>;
base::Result<std::vector<CopiedEnvironment>> copy_environments(const std::string& data_directory,
                                                               const std::string& staging,
                                                               const CopyProgress& progress);

}  // namespace hearthmail::store::maintenance
