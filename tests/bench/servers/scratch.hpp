// What every server needs: a directory of its own, ports that the kernel chose, commands, processes, disk use.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/process/spawn.hpp"

namespace hearthmail::bench {

// How long anything may take that is waited for: a server's start, its end.
constexpr std::chrono::seconds kServerDeadline{60};

// A TCP port of 127.0.0.1 that nobody listens on now.
std::uint16_t free_port();

// Errors: Unavailable, naming the file.
base::Status write_file(const std::string& path, std::string_view content, unsigned mode = 0644);
base::Status make_directory(const std::string& path, unsigned mode = 0755);
// The directory and all that is in it; ok when it is not there.
base::Status remove_tree(const std::string& path);
base::Status give_to(const std::string& path, const std::string& user, const std::string& group);

// Runs a program to its end with `input` on its standard input; returns its output (both streams).
// Errors: Unavailable, with the output, when it fails.
base::Result<std::string> run(const process::Command& command, std::string_view input = {});
// A child that runs until stopped, its output appended to the file `log`.
base::Result<process::Child> run_in_background(process::Command command, const std::string& log);

// Waits until a connection to the port (or unix socket, when it begins with "/") is greeted with a first octet, or merely
// accepted with `greeting` false. Errors: Timeout, Unavailable (`child`, when given, has ended meanwhile).
base::Status wait_for_service(const std::string& where, bool greeting, process::Child* child);
std::string port_name(std::uint16_t port);

// `root` and all its descendants that run now.
std::vector<int> process_tree(int root);
// Waits until none of them runs any more; those that stay longer than a moment are killed. Errors: Timeout.
base::Status wait_for_end(const std::vector<int>& processes);
// Octets of all blocks of all files below `directory`.
base::Result<std::uint64_t> blocks_below(const std::string& directory);
// `status` with the last lines of the files added when it is an error: why a server did not start.
base::Status explained(base::Status status, const std::vector<std::string>& logs);
// The first line of `text`.
std::string first_line(std::string_view text);

}  // namespace hearthmail::bench
