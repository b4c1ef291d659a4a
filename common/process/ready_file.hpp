// RUN_DIR/PROGRAM.json: says that a daemon accepts connections, and on which ports.
//
//   {"program":"hearthmail-receiver","pid":4711,"ports":{"imap":1143,"smtp":2525}}
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"

namespace hearthmail::process {

using Ports = std::vector<std::pair<std::string, std::uint16_t>>;  // service, port

struct ReadyFile {
  std::string program;
  pid_t pid = 0;
  Ports ports;
};

// Replaces the file in one step, once the program accepts connections. Errors: Unavailable, naming the file.
base::Status write_ready_file(const std::string& run_dir, std::string_view program, const Ports& ports);
// Removes the file of this process; another process's stays.
void remove_ready_file(const std::string& run_dir, std::string_view program);
// Errors: NotFound (not running yet), Corrupt.
base::Result<ReadyFile> read_ready_file(const std::string& run_dir, std::string_view program);

}  // namespace hearthmail::process
