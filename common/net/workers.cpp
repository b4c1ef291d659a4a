#include "common/net/workers.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace hearthmail::net {

struct Workers::Impl {
  explicit Impl(std::size_t most) : most_waiting(most) {}

  const std::size_t most_waiting;
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by `mutex`.
  std::deque<std::function<void()>> waiting;
  std::size_t idle = 0;
  bool ending = false;
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      changed.wait(lock, [this] { return ending || !waiting.empty(); });
      --idle;
      if (waiting.empty()) return;
      const auto job = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }
};

Workers::Workers(std::size_t threads, std::size_t most_waiting) : impl_(std::make_unique<Impl>(most_waiting)) {
  const std::size_t count = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
  }
  impl_->changed.notify_all();
  for (auto& thread : impl_->threads) thread.join();
}

bool Workers::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->ending || impl_->waiting.size() >= impl_->most_waiting + impl_->idle) return false;
    impl_->waiting.push_back(std::move(job));
  }
  impl_->changed.notify_one();
  return true;
}

}  // namespace hearthmail::net
