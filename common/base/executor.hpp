// Where a coroutine goes on: an executor runs posted functions one after another on its own thread.
// A net::Loop is one; the store's writer thread and the worker pool resume their callers through it.
#pragma once

#include <functional>

namespace hearthmail::base {

class Executor {
 public:
  virtual ~Executor() = default;
  // Queues `work` for this executor's thread. Any thread may call it. Work posted after stop() is dropped.
  virtual void post(std::function<void()> work) = 0;

  // The executor whose thread this is, or nullptr on a thread that runs none.
  static Executor* current();

 protected:
  // Called by the implementation on its own thread when it starts and (with nullptr) when it ends.
  static void set_current(Executor* executor);
};

}  // namespace hearthmail::base
