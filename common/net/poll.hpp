// FdWatch: tells when a file descriptor that somebody else owns becomes readable or writable (libcurl's sockets).
#pragma once

#include <functional>
#include <memory>

#include "common/net/loop.hpp"

namespace hearthmail::net {

// Made, used and destroyed on the loop's thread. The descriptor must stay open until stop() or the destructor; one
// descriptor has at most one watch. The callback may destroy the watch.
class FdWatch {
 public:
  // Watches nothing until watch(). When the descriptor cannot be watched (a plain file), ok() is false.
  // An error on the descriptor is told as readable and writable: the owner's next call on it sees it.
  FdWatch(Loop& loop, int fd, std::function<void(bool readable, bool writable)> ready);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  bool ok() const;
  // From now on calls back while the descriptor is in one of the states asked for; both false is stop().
  void watch(bool readable, bool writable);
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with libuv until its close callback
};

}  // namespace hearthmail::net
