// One large piece of work in many small ones, done by the thread that asks and by whoever in the pool is free.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace hearthmail::net {

class Workers;

// Work that has begun: `piece(0)` to `piece(pieces - 1)`, each once, begun in this order, by up to `helpers` threads of the pool
// and by whoever calls help(). A pool without free threads only makes it slower. `piece` must not throw; what it refers to
// outlives this object, whose end gives up and waits.
class SharedWork {
 public:
  SharedWork(Workers& workers, std::size_t helpers, std::size_t pieces, std::function<void(std::size_t)> piece);
  ~SharedWork();
  SharedWork(const SharedWork&) = delete;
  SharedWork& operator=(const SharedWork&) = delete;

  // Does pieces on this thread until all have been begun.
  void help();
  // Have all ended?
  bool done() const;
  // Leaves out the pieces that nobody has begun.
  void give_up();
  // Until those that have been begun have ended. After help(): all.
  void wait();
  // The same for at most so long; are they done?
  bool wait_for(std::chrono::microseconds most);

 private:
  struct State;
  std::shared_ptr<State> state_;  // owned by this object and by the pool's jobs, which may get their turn after its end
};

// Calls `piece(0)` to `piece(pieces - 1)` and returns when all have ended: SharedWork in one call.
void share(Workers& workers, std::size_t helpers, std::size_t pieces, const std::function<void(std::size_t)>& piece);

}  // namespace hearthmail::net
