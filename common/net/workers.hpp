// Workers: a bounded pool of threads for what would hold up a loop: password hashing, compression, body search.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"

namespace hearthmail::net {

constexpr std::size_t kMostWaiting = 1'000;  // jobs; beyond it the client is told to come again

// Work on so many octets takes about as long (0.1 ms) as handing it over and back, with two threads that must wake: it is
// better done where it is.
constexpr std::size_t kSmallWork = 16 * 1024;  // octets of a message

class Workers {
 public:
  // `threads`: 0 means one per core. `most_waiting`: how many jobs may wait; submit() refuses more, so that a flood cannot
  // eat the memory.
  explicit Workers(std::size_t threads, std::size_t most_waiting = kMostWaiting);
  ~Workers();  // finishes what waits, then joins
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Queues `job`; false when the queue is full. Any thread.
  bool submit(std::function<void()> job);

  // Runs `work` (a callable that returns Result<T> or Status) on a pool thread and resumes the caller on its own
  // executor. Unavailable when the queue is full, or there is no memory for the work. The caller keeps alive what `work` refers to.
  template <class F>
  base::Task<std::invoke_result_t<F>> run(F work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace detail {

// A large message may not fit into the memory: then only its work fails.
template <class F>
std::invoke_result_t<F> run_guarded(F& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return base::Error{base::Errc::Unavailable, "out of memory"};
  }
}

template <class R>
struct WorkerAwait {
  Workers& workers;
  std::function<R()> work;
  std::optional<R> result;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    base::Executor* home = base::Executor::current();
    const auto job = [this, caller, home] {
      result.emplace(run_guarded(work));
      home->post([caller] { caller.resume(); });
    };
    if (home != nullptr && workers.submit(job)) return true;
    result.emplace(base::Error{base::Errc::Unavailable, "worker pool is full"});
    return false;
  }
  R await_resume() { return std::move(*result); }
};

}  // namespace detail

// Runs small work on the calling thread, with run()'s errors.
template <class F>
std::invoke_result_t<F> run_here(F work) {
  return detail::run_guarded(work);
}

template <class F>
base::Task<std::invoke_result_t<F>> Workers::run(F work) {
  detail::WorkerAwait<std::invoke_result_t<F>> waiting{*this, std::move(work), {}};
  auto result = co_await waiting;
  co_return result;
}

}  // namespace hearthmail::net
