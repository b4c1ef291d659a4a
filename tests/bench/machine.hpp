// The machine: what it is, and what it gives at most, measured in the same run with nothing of a mail server in between.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace hearthmail::bench {

struct Machine {
  std::string processor;  // model name
  std::size_t cores = 0;
  std::string memory;       // "23.5 GiB"
  std::string kernel;       // "Linux 6.1.0"
  std::string file_system;  // of the run's directory: "ext4"
};
Machine describe_machine(const std::string& directory);

struct MachineLimit {
  std::string name;  // "fdatasync", for the JSON
  std::string what;  // in words
  std::string unit;
  double value = 0;
};
// Takes about ten seconds (three with `quick`). Errors: Unavailable, naming the step.
base::Result<std::vector<MachineLimit>> measure_machine(const std::string& directory, const std::string& certificate,
                                                        const std::string& key, bool quick);

}  // namespace hearthmail::bench
