#include "common/net/handle.hpp"

#include <utility>

namespace hearthmail::net {

void HandleCore::adopt_raw(uv_handle_t* handle) {
  handle->data = this;
  handles_[adopted_++] = handle;
  ++open_;
  self_ = shared_from_this();
}

void HandleCore::close() {
  if (std::exchange(closing_, true)) return;
  for (std::size_t i = 0; i < adopted_; ++i) uv_close(handles_[i], on_closed);
}

void HandleCore::on_closed(uv_handle_t* handle) {
  HandleCore& core = of(handle);
  if (--core.open_ > 0) return;
  const std::shared_ptr<HandleCore> keep = std::move(core.self_);
  core.closed();
}

}  // namespace hearthmail::net
