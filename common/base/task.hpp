// Task<T>: a lazy coroutine with one awaiter, written for the distribution's compiler (g++ 12.2).
//
// The one safe written shape (the lint holds it): one await per statement, `co_await f(x);`, `auto r = co_await f(x);`
// or `r = co_await f(x);`, arguments are names, literals or std::move(name); the result is tested in the next statement;
// lambdas are named first and are not coroutines; parameters are values or references to what the caller keeps alive.
//
// A Task resumes its caller through `bool await_suspend`: a child that finished synchronously returns false, so that a
// chain of ready children never grows the stack and no symmetric transfer is needed. Nobody destroys a suspended Task.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace hearthmail::base {

template <class T>
class Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> continuation;
  bool started_inline = false;  // the awaiter is still inside await_suspend

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> self) noexcept {
      auto& promise = self.promise();
      if (promise.started_inline || !promise.continuation) return;  // await_suspend sees done() and goes on itself
      promise.continuation.resume();
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }  // Result is the error channel; an exception is a defect
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    auto& promise = handle_.promise();
    promise.continuation = caller;
    promise.started_inline = true;
    handle_.resume();
    if (handle_.done()) return false;
    promise.started_inline = false;
    return true;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  Handle handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

// A coroutine that owns itself: it starts at once and frees itself when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

// Starts `task` and lets it run to its end by itself. Whoever spawns must be able to wait for the end some other way
// (a counter, a callback) before it frees what the task refers to.
inline Detached spawn(Task<void> task) { co_await task; }

}  // namespace hearthmail::base
