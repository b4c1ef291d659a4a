#include "common/net/lobby.hpp"

#include <utility>

#include "common/net/uv_stream.hpp"

namespace hearthmail::net {

void send_away(const std::shared_ptr<Guest>& guest) {
  guest->loop.post([guest] {
    guest->doomed = true;
    const auto core = guest->core.lock();
    if (core) core->close();
  });
}

std::uint64_t Lobby::enter(std::shared_ptr<Guest> guest) {
  const std::lock_guard lock(mutex_);
  if (!guests_.empty() && guests_.size() >= most_) {
    const auto oldest = guests_.begin();
    send_away(oldest->second);
    guests_.erase(oldest);
  }
  const std::uint64_t number = next_++;
  guests_.emplace(number, std::move(guest));
  return number;
}

void Lobby::leave(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  guests_.erase(number);
}

std::size_t Lobby::guests() const {
  const std::lock_guard lock(mutex_);
  return guests_.size();
}

}  // namespace hearthmail::net
