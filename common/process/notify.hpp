// sd_notify(3) without libsystemd: tells the service manager what state the program is in.
#pragma once

#include <string_view>

namespace hearthmail::process {

// Sends `state` ("READY=1", "STOPPING=1", "STATUS=12 sessions", several joined by "\n") to $NOTIFY_SOCKET. Does nothing
// without that variable; never blocks and never fails, because a program also runs without a service manager.
void notify(std::string_view state);

}  // namespace hearthmail::process
