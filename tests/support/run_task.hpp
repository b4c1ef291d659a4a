// Runs one coroutine to its end on the calling thread, with an executor of its own: store writes and worker jobs that it
// awaits resume here. For tests of sessions that need no loop.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "common/base/executor.hpp"
#include "common/base/task.hpp"

namespace hearthmail::test {

class TestExecutor : public base::Executor {
 public:
  TestExecutor() : outer_(current()) { set_current(this); }
  ~TestExecutor() override { set_current(outer_); }

  void post(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    ready_.notify_one();
  }
  // Runs posted work until `done` is true.
  void run_until(const bool& done) {
    while (!done) {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return !queue_.empty(); });
      auto work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
    }
  }

 private:
  base::Executor* outer_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
};

namespace detail {
template <class T>
base::Task<void> keep(base::Task<T> task, std::optional<T>& result, bool& done) {
  auto value = co_await task;
  result.emplace(std::move(value));
  done = true;
}
inline base::Task<void> keep(base::Task<void> task, bool& done) {
  co_await task;
  done = true;
}
}  // namespace detail

template <class T>
T run_task(base::Task<T> task) {
  TestExecutor executor;
  std::optional<T> result;
  bool done = false;
  base::spawn(detail::keep(std::move(task), result, done));
  executor.run_until(done);
  return std::move(*result);
}

inline void run_task(base::Task<void> task) {
  TestExecutor executor;
  bool done = false;
  base::spawn(detail::keep(std::move(task), done));
  executor.run_until(done);
}

}  // namespace hearthmail::test
