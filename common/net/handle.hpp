// Private to common/net: the lifetime of libuv's handles. libuv owns a handle until its close callback, our object owns it
// until it is destroyed; whichever is later frees it.
#pragma once

#include <uv.h>

#include <array>
#include <cstddef>
#include <memory>

#include "common/net/loop.hpp"

namespace hearthmail::net {

// One or two uv handles that live and die together. Every handle's `data` points to its HandleCore, so that a loop that
// ends can close whatever is open.
class HandleCore : public std::enable_shared_from_this<HandleCore> {
 public:
  HandleCore() = default;
  virtual ~HandleCore() = default;
  HandleCore(const HandleCore&) = delete;
  HandleCore& operator=(const HandleCore&) = delete;

  // Starts closing; closed() follows from the loop. Any number of times.
  void close();
  bool closing() const { return closing_; }

  static HandleCore& of(const uv_handle_t* handle) { return *static_cast<HandleCore*>(handle->data); }
  template <class Core, class UvHandle>
  static Core& of(const UvHandle* handle) {
    return static_cast<Core&>(of(reinterpret_cast<const uv_handle_t*>(handle)));
  }

 protected:
  // Takes over an initialised handle.
  template <class UvHandle>
  void adopt(UvHandle& handle) {
    adopt_raw(reinterpret_cast<uv_handle_t*>(&handle));
  }
  // For a core that gets no handle, because its loop is ending.
  void mark_closed() { closing_ = true; }
  // All handles are closed: wake whoever still waits. The last thing that libuv calls.
  virtual void closed() {}

 private:
  void adopt_raw(uv_handle_t* handle);
  static void on_closed(uv_handle_t* handle);

  std::array<uv_handle_t*, 2> handles_{};
  std::size_t adopted_ = 0;
  std::size_t open_ = 0;
  bool closing_ = false;
  std::shared_ptr<HandleCore> self_;  // libuv's share; the other is our object's
};

}  // namespace hearthmail::net
