#include "common/net/loop.hpp"

#include <uv.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "common/log/log.hpp"
#include "common/net/handle.hpp"

namespace hearthmail::net {
namespace {

// Rounds in which an ending loop lets coroutines unwind. One that still waits then would wait for ever.
constexpr int kMostClosingRounds = 1000;

}  // namespace

struct Loop::Impl {
  uv_loop_t loop{};
  uv_async_t wake{};
  std::atomic<bool> stop_asked{false};
  bool ending = false;  // on the loop's thread only
  bool ended = false;
  std::mutex mutex;
  // Guarded by `mutex`.
  std::vector<std::function<void()>> posted;
  bool accepting = true;

  bool run_posted() {
    std::vector<std::function<void()>> work;
    {
      const std::lock_guard lock(mutex);
      work.swap(posted);
    }
    for (auto& one : work) {
      one();
      one = nullptr;  // what it holds goes before the next one runs
    }
    return !work.empty();
  }

  static void on_wake(uv_async_t* async) {
    Impl& self = *static_cast<Impl*>(async->data);
    self.run_posted();
    if (self.stop_asked && !self.ending) uv_stop(&self.loop);
  }

  // Closes what is open, except for `wake`; true when there was something.
  bool close_handles() {
    struct Walk {
      const uv_handle_t* wake;
      bool found;
    } walk{reinterpret_cast<const uv_handle_t*>(&wake), false};
    const auto visit = [](uv_handle_t* handle, void* argument) {
      Walk& seen = *static_cast<Walk*>(argument);
      if (handle == seen.wake || uv_is_closing(handle) != 0) return;
      seen.found = true;
      HandleCore::of(handle).close();
    };
    uv_walk(&loop, visit, &walk);
    return walk.found;
  }

  // Lets everything that runs on this loop unwind, then ends the loop for good.
  void end() {
    ending = true;
    uv_unref(reinterpret_cast<uv_handle_t*>(&wake));
    for (int round = 0; round < kMostClosingRounds; ++round) {
      const bool worked = run_posted();
      const bool closed = close_handles();
      if (!worked && !closed && uv_loop_alive(&loop) == 0) break;
      uv_run(&loop, uv_loop_alive(&loop) != 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    }
    std::vector<std::function<void()>> dropped;
    {
      const std::lock_guard lock(mutex);
      accepting = false;
      dropped.swap(posted);
    }
    dropped.clear();
    close_handles();
    uv_close(reinterpret_cast<uv_handle_t*>(&wake), nullptr);
    uv_run(&loop, UV_RUN_DEFAULT);
    ended = true;
  }
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {
  const int made = uv_loop_init(&impl_->loop);
  const int woken = made == 0 ? uv_async_init(&impl_->loop, &impl_->wake, Impl::on_wake) : made;
  if (woken != 0) {  // no descriptors or no memory at start: nothing can run
    log::error("event loop cannot start", {{"problem", uv_strerror(woken)}});
    std::abort();
  }
  impl_->wake.data = impl_.get();
}

Loop::~Loop() {
  if (!impl_->ended) {
    Executor* const outer = current();
    set_current(this);
    impl_->end();
    set_current(outer);
  }
  uv_loop_close(&impl_->loop);
}

void Loop::run() {
  if (impl_->ended) return;
  Executor* const outer = current();
  set_current(this);
  uv_run(&impl_->loop, UV_RUN_DEFAULT);
  impl_->end();
  set_current(outer);
}

void Loop::stop() {
  impl_->stop_asked = true;
  const std::lock_guard lock(impl_->mutex);
  if (impl_->accepting) uv_async_send(&impl_->wake);
}

void Loop::post(std::function<void()> work) {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->accepting) return;
  impl_->posted.push_back(std::move(work));
  if (impl_->posted.size() == 1) uv_async_send(&impl_->wake);
}

bool Loop::ending() const { return impl_->ending; }

uv_loop_s* Loop::raw() { return &impl_->loop; }

}  // namespace hearthmail::net
