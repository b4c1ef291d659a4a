#include <uv.h>

#include <coroutine>
#include <utility>

#include "common/net/handle.hpp"
#include "common/net/loop.hpp"

namespace hearthmail::net {
namespace {

std::uint64_t milliseconds(std::chrono::milliseconds time) {
  return time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count());
}

// A coroutine that waits for a timer; resumed when it fires or when the loop ends.
struct SleepCore : HandleCore {
  uv_timer_t timer{};
  std::coroutine_handle<> waiter;

  void start(Loop& loop, std::chrono::milliseconds duration) {
    uv_timer_init(loop.raw(), &timer);
    adopt(timer);
    uv_update_time(loop.raw());
    const auto fired = [](uv_timer_t* handle) {
      SleepCore& self = of<SleepCore>(handle);
      self.close();
      self.wake();
    };
    uv_timer_start(&timer, fired, milliseconds(duration), 0);
  }
  void closed() override { wake(); }
  void wake() {
    const auto resumed = std::exchange(waiter, nullptr);
    if (resumed) resumed.resume();
  }
};

struct SleepAwait {
  Loop& loop;
  std::chrono::milliseconds duration;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    if (loop.ending()) {
      loop.post([caller] { caller.resume(); });
      return;
    }
    const auto core = std::make_shared<SleepCore>();
    core->waiter = caller;
    core->start(loop, duration);
  }
  void await_resume() const noexcept {}
};

}  // namespace

base::Task<void> Loop::sleep(std::chrono::milliseconds duration) {
  SleepAwait waiting{*this, duration};
  co_await waiting;
}

struct Timer::Impl : HandleCore {
  uv_timer_t timer{};
  std::function<void()> fire;

  Impl(Loop& loop, std::function<void()> call) : fire(std::move(call)) {
    if (loop.ending()) mark_closed();
    else uv_timer_init(loop.raw(), &timer);
  }
  void begin() {
    if (!closing()) adopt(timer);
  }
};

Timer::Timer(Loop& loop, std::function<void()> fire) : impl_(std::make_shared<Impl>(loop, std::move(fire))) {
  impl_->begin();
}

Timer::~Timer() { impl_->close(); }

void Timer::start(std::chrono::milliseconds delay) {
  if (impl_->closing()) return;
  const auto fired = [](uv_timer_t* handle) { HandleCore::of<Impl>(handle).fire(); };
  uv_update_time(impl_->timer.loop);
  uv_timer_start(&impl_->timer, fired, milliseconds(delay), 0);
}

void Timer::stop() {
  if (!impl_->closing()) uv_timer_stop(&impl_->timer);
}

struct Signal::Impl : HandleCore {
  Loop& loop;
  uv_timer_t timer{};
  bool raised = false;
  bool result = false;
  std::coroutine_handle<> waiter;

  explicit Impl(Loop& on) : loop(on) {}
  void begin() {
    if (loop.ending()) {
      mark_closed();
      return;
    }
    uv_timer_init(loop.raw(), &timer);
    adopt(timer);
  }
  std::coroutine_handle<> finish(bool outcome) {
    if (!closing()) uv_timer_stop(&timer);
    result = outcome;
    return std::exchange(waiter, nullptr);
  }
  static void on_limit(uv_timer_t* handle) { of<Impl>(handle).resume_now(false); }
  void closed() override { resume_now(false); }
  void resume_now(bool outcome) {
    if (waiter) finish(outcome).resume();
  }
  // Not at once: raise() may be called from the midst of another session's work.
  void resume_later(bool outcome) {
    const auto resumed = finish(outcome);
    loop.post([resumed] { resumed.resume(); });
  }
};

namespace {

template <class Impl>
struct SignalAwait {
  Impl& signal;
  std::chrono::milliseconds limit;

  bool await_ready() const noexcept {
    if (!std::exchange(signal.raised, false)) return false;
    signal.result = true;
    return true;
  }
  void await_suspend(std::coroutine_handle<> caller) {
    signal.waiter = caller;
    if (signal.closing()) {
      signal.resume_later(false);
    } else if (limit.count() > 0) {
      uv_update_time(signal.loop.raw());
      uv_timer_start(&signal.timer, Impl::on_limit, milliseconds(limit), 0);
    }
  }
  bool await_resume() const noexcept { return signal.result; }
};

}  // namespace

Signal::Signal(Loop& loop) : impl_(std::make_shared<Impl>(loop)) { impl_->begin(); }

Signal::~Signal() { impl_->close(); }

base::Task<bool> Signal::wait(std::chrono::milliseconds limit) {
  SignalAwait<Impl> waiting{*impl_, limit};
  const bool raised = co_await waiting;
  co_return raised;
}

void Signal::raise() {
  if (impl_->waiter) impl_->resume_later(true);
  else impl_->raised = true;
}

}  // namespace hearthmail::net
