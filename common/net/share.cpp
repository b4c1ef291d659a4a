#include "common/net/share.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "common/net/workers.hpp"

namespace hearthmail::net {

namespace {

struct Shared {
  Shared(const std::function<void(std::size_t)>& p, std::size_t n) : piece(p), pieces(n) {}

  const std::function<void(std::size_t)>& piece;
  const std::size_t pieces;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by `mutex`.
  std::size_t helping = 0;
  bool over = false;  // whoever comes now is too late: `piece` is gone

  void take() {
    for (std::size_t at = next++; at < pieces; at = next++) piece(at);
  }
  void help() {
    {
      const std::lock_guard lock(mutex);
      if (over) return;
      ++helping;
    }
    take();
    const std::lock_guard lock(mutex);
    --helping;
    changed.notify_all();
  }
};

}  // namespace

void share(Workers& workers, std::size_t helpers, std::size_t pieces, const std::function<void(std::size_t)>& piece) {
  // Owned by this call and by the pool's jobs, which may come to their turn only after it has ended.
  const auto shared = std::make_shared<Shared>(piece, pieces);
  for (std::size_t i = 0; i < std::min(helpers, pieces - std::min<std::size_t>(pieces, 1)); ++i) {
    if (!workers.submit([shared] { shared->help(); })) break;
  }
  shared->take();
  std::unique_lock lock(shared->mutex);
  shared->over = true;
  shared->changed.wait(lock, [&shared] { return shared->helping == 0; });
}

}  // namespace hearthmail::net
