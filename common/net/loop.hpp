// Loop: one libuv loop and its thread's executor. A session lives and dies on one loop, so session code has no locks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"

struct uv_loop_s;

namespace hearthmail::net {

class Loop : public base::Executor {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs on the calling thread until stop(). Closes every handle before it returns.
  void run();
  // Ends run() after the callbacks of this turn. Any thread.
  void stop();
  void post(std::function<void()> work) override;  // any thread

  // Waits on this loop. Only from a coroutine that runs on it. Returns early when the loop ends.
  base::Task<void> sleep(std::chrono::milliseconds duration);

  // True from the moment in which run() closes its handles: streams end with Closed, sleeps and waits end at once. Code
  // that waits in a cycle needs a condition of its own and is stopped before its loop is. On the loop's thread.
  bool ending() const;

  // For the implementations in common/net; nobody else includes uv.h.
  uv_loop_s* raw();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A timer that calls `fire` once on the loop's thread, after `delay`; start() again restarts it, stop() cancels.
// Must be made, used and destroyed on the loop's thread.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> fire);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void start(std::chrono::milliseconds delay);
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with libuv until its close callback
};

// Something that a coroutine can wait for and others on the same loop can raise. A raise before the wait is kept.
class Signal {
 public:
  explicit Signal(Loop& loop);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  // True when raised, false when `limit` passed first (zero: no limit). One waiter at a time.
  base::Task<bool> wait(std::chrono::milliseconds limit);
  void raise();  // on the loop's thread; from elsewhere use loop.post

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with libuv until its close callback
};

}  // namespace hearthmail::net
