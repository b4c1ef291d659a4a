// What the main() of every daemon does around its own work: configuration, process limits, one instance per run
// directory, readiness, the exit code.
#pragma once

#include <functional>

#include "common/base/result.hpp"
#include "common/config/load.hpp"
#include "common/config/settings.hpp"
#include "common/net/server.hpp"

namespace hearthmail::process {

// Exit codes of the daemons: 0 stopped as asked, 1 failed (the service manager starts it again), 2 the configuration is
// wrong (starting again does not help).
constexpr int kExitFailed = 1;
constexpr int kExitConfiguration = 2;

// Builds and runs the program until it is told to stop. True: it ended as asked; false: it must be started again.
using Serve = std::function<base::Result<bool>(const config::Settings& settings)>;

// The whole of main(): reads the configuration as `role` may see it, takes the lock, calls `serve`, returns the exit code.
int run_daemon(int argc, char** argv, config::Role role, const Serve& serve);

// Runs a listening daemon's server until SIGTERM. Once it listens, the ready file is written and the service manager told;
// `every_minute` is called now and every minute.
void serve_until_stopped(net::Server& server, const config::Settings& settings, config::Role role,
                         const std::function<void()>& every_minute);

}  // namespace hearthmail::process
