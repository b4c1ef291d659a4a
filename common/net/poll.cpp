#include "common/net/poll.hpp"

#include <uv.h>

#include <utility>

#include "common/net/handle.hpp"

namespace hearthmail::net {

struct FdWatch::Impl : HandleCore {
  uv_poll_t poll{};
  std::function<void(bool, bool)> ready;
  bool good = false;

  void begin(Loop& loop, int fd) {
    good = !loop.ending() && uv_poll_init(loop.raw(), &poll, fd) == 0;
    if (good) adopt(poll);
    else mark_closed();
  }
  static void on_ready(uv_poll_t* handle, int status, int events) {
    Impl& self = of<Impl>(handle);
    const bool failed = status < 0;
    self.ready(failed || (events & UV_READABLE) != 0, failed || (events & UV_WRITABLE) != 0);
  }
};

FdWatch::FdWatch(Loop& loop, int fd, std::function<void(bool readable, bool writable)> ready)
    : impl_(std::make_shared<Impl>()) {
  impl_->ready = std::move(ready);
  impl_->begin(loop, fd);
}

FdWatch::~FdWatch() { impl_->close(); }

bool FdWatch::ok() const { return impl_->good; }

void FdWatch::watch(bool readable, bool writable) {
  if (impl_->closing()) return;
  if (!readable && !writable) {
    stop();
    return;
  }
  uv_poll_start(&impl_->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0), Impl::on_ready);
}

void FdWatch::stop() {
  if (!impl_->closing()) uv_poll_stop(&impl_->poll);
}

}  // namespace hearthmail::net
