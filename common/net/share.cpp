#include "common/net/share.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "common/net/workers.hpp"

namespace hearthmail::net {

struct SharedWork::State {
  State(std::function<void(std::size_t)> p, std::size_t n) : piece(std::move(p)), pieces(n) {}

  const std::function<void(std::size_t)> piece;
  const std::size_t pieces;
  std::atomic<std::size_t> next{0};
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::size_t helping = 0;  // guarded by `mutex`

  void take() {
    for (std::size_t at = next++; at < pieces; at = next++) piece(at);
  }
  // On a thread of the pool. Whoever comes when all pieces have been taken, or left out, finds none.
  void help() {
    {
      const std::lock_guard lock(mutex);
      ++helping;
    }
    take();
    const std::lock_guard lock(mutex);
    --helping;
    changed.notify_all();
  }
};

SharedWork::SharedWork(Workers& workers, std::size_t helpers, std::size_t pieces,
                       std::function<void(std::size_t)> piece)
    : state_(std::make_shared<State>(std::move(piece), pieces)) {
  for (std::size_t i = 0; i < std::min(helpers, pieces); ++i) {
    if (!workers.submit([state = state_] { state->help(); })) break;
  }
}

SharedWork::~SharedWork() {
  give_up();
  wait();
}

void SharedWork::give_up() { state_->next = state_->pieces; }

void SharedWork::help() { state_->take(); }

bool SharedWork::done() const {
  if (state_->next < state_->pieces) return false;
  const std::lock_guard lock(state_->mutex);
  return state_->helping == 0;
}

void SharedWork::wait() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->helping == 0; });
}

bool SharedWork::wait_for(std::chrono::microseconds most) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, most, [this] { return state_->helping == 0; });
}

void share(Workers& workers, std::size_t helpers, std::size_t pieces, const std::function<void(std::size_t)>& piece) {
  SharedWork work(workers, std::min(helpers, pieces - std::min<std::size_t>(pieces, 1)), pieces, piece);
  work.help();
  work.wait();
}

}  // namespace hearthmail::net
