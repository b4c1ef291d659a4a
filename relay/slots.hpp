// Slots: how many coroutines of one loop may be inside at once; the others wait in order.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>

#include "common/base/executor.hpp"
#include "common/base/task.hpp"

namespace hearthmail::relay {

// Not thread-safe: all users run on one executor.
class Slots {
 public:
  explicit Slots(std::size_t count) : free_(count) {}
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  base::Task<void> acquire() {
    Waiting waiting{*this};
    co_await waiting;
  }
  void release() {
    if (waiters_.empty()) {
      ++free_;
      return;
    }
    const auto next = waiters_.front();  // the slot passes on without becoming free
    waiters_.pop_front();
    base::Executor::current()->post([next] { next.resume(); });
  }

 private:
  struct Waiting {
    Slots& slots;
    bool await_ready() noexcept {
      if (slots.free_ == 0) return false;
      --slots.free_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> caller) { slots.waiters_.push_back(caller); }
    void await_resume() noexcept {}
  };

  std::size_t free_;
  std::deque<std::coroutine_handle<>> waiters_;
};

}  // namespace hearthmail::relay
