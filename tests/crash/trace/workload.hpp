// The workload that is recorded: deliveries to several accounts, APPEND, STORE, COPY, MOVE, EXPUNGE, CREATE, RENAME, DELETE,
// the outgoing queue's whole life and the accounts, from several threads, so that commits carry several jobs. Some
// jobs are refused on purpose after they have written: nothing of them may ever be found.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "tests/crash/trace/history.hpp"
#include "tests/crash/trace/recorder.hpp"

namespace hearthmail::crash {

struct Record {
  std::array<std::string, kEnvironments> before;  // each data.mdb when recording started
  std::vector<Event> events;
  std::array<History, kEnvironments> histories;
  std::size_t refused = 0;
};

struct WorkloadSize {
  unsigned mail_operations = 200;  // of each of kMailActors threads
  unsigned queue_operations = 120;
  unsigned account_operations = 40;
};

// Runs it in DIRECTORY, which must not exist. Errors: whatever the store said that it should not have said.
base::Status run_workload(const std::string& directory, std::uint64_t seed, const WorkloadSize& size, Record& record);

// A record in a file, so that a bad image of it can be made again. The threads of a workload never run twice alike.
base::Status save_record(const std::string& path, const Record& record);
base::Status load_record(const std::string& path, Record& record);

}  // namespace hearthmail::crash
