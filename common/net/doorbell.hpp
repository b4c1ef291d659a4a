// Doorbell: a lossy unix-datagram ring between programs. A lost ring costs a moment, never a mail.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "common/net/loop.hpp"

namespace hearthmail::net {

// Rings the bell at `path`. Never blocks and never fails: when nobody listens, the other side wakes by itself later.
void ring(const std::string& path);

class Doorbell {
 public:
  // Binds `path` (removing a stale socket) and calls `rung` on the loop's thread after one or more rings.
  static base::Result<std::unique_ptr<Doorbell>> open(Loop& loop, const std::string& path, std::function<void()> rung);
  virtual ~Doorbell() = default;
};

}  // namespace hearthmail::net
