// Looks at every record and every checksum of the three environments. It only reads, in snapshots of at most kSlice, so it
// may run while the daemons do. A fact that spans several records is judged within one snapshot: what changed between two
// of them is looked at again, never reported.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/base/result.hpp"
#include "store/accounts/accounts.hpp"
#include "store/mail/mail.hpp"
#include "store/maintenance/report.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::store::maintenance {

// How long one snapshot is used. limits.md: at most about a second; a pinned page is room that the file must grow by.
constexpr std::chrono::milliseconds kSlice{300};

struct Progress {
  std::string_view environment;
  std::string_view table;
  std::uint64_t records = 0;  // of the table so far
  std::uint64_t expected = 0;
};

struct CheckOptions {
  std::chrono::milliseconds slice = kSlice;
  std::function<void(const Progress&)> progress;  // called at most once per slice
};

// Those that are to be looked at. Without `accounts`, addresses are given as account numbers.
struct Opened {
  accounts::Store* accounts = nullptr;
  mail::Store* mail = nullptr;
  queue::Store* queue = nullptr;
};

// Errors: Unavailable (the check could not be finished). Damage is in the report.
base::Result<Report> check(const Opened& stores, const CheckOptions& options = {});
// The same for the environments below a data directory. One that is there and is refused as damaged is a finding.
// Errors besides: NotFound (no environment there).
base::Result<Report> check(const std::string& data_directory, const CheckOptions& options = {});

}  // namespace hearthmail::store::maintenance
