#include "common/net/signals.hpp"

#include <uv.h>

#include <csignal>

#include "common/net/handle.hpp"

namespace hearthmail::net {

struct Signals::Impl : HandleCore {
  uv_signal_t signal{};
  std::function<void(int)> arrived;

  void begin(Loop& loop, int number) {
    if (loop.ending() || uv_signal_init(loop.raw(), &signal) != 0) {
      mark_closed();
      return;
    }
    adopt(signal);
    const auto on_signal = [](uv_signal_t* handle, int caught) { of<Impl>(handle).arrived(caught); };
    uv_signal_start(&signal, on_signal, number);
  }
};

Signals::Signals(Loop& loop, std::function<void(int signal)> arrived) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    impl_.push_back(std::make_shared<Impl>());
    impl_.back()->arrived = arrived;
    impl_.back()->begin(loop, number);
  }
}

Signals::~Signals() {
  for (const auto& one : impl_) one->close();
}

}  // namespace hearthmail::net
