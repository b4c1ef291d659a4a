// Signals: SIGTERM, SIGINT and SIGHUP as calls on a loop.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/net/loop.hpp"

namespace hearthmail::net {

// Made, used and destroyed on the loop's thread. While it lives, the three signals no longer end the program.
class Signals {
 public:
  Signals(Loop& loop, std::function<void(int signal)> arrived);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Impl;
  std::vector<std::shared_ptr<Impl>> impl_;  // one per signal; shared with libuv until its close callback
};

}  // namespace hearthmail::net
