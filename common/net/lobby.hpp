// Lobby: the sessions that have not logged in yet, over all listeners that share it. When it is full, whoever has been in
// it longest goes to make room: strangers who only hold connections open cannot keep clients out (limits.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "common/net/loop.hpp"

namespace hearthmail::net {

class StreamCore;

// One admitted connection as its listener and the lobby see it. After it was made it is touched on the thread of `loop`
// only; that loop outlives it.
struct Guest {
  explicit Guest(Loop& l) : loop(l) {}
  Loop& loop;
  std::weak_ptr<StreamCore> core;  // once its stream exists
  bool doomed = false;             // to be closed as soon as it starts
};

// Closes the guest's stream, on its own loop. Any thread, while the session lives.
void send_away(const std::shared_ptr<Guest>& guest);

// Thread-safe: connections come on the accept loop, sessions log in and end on theirs.
class Lobby {
 public:
  explicit Lobby(std::size_t most) : most_(most) {}
  // The number with which the guest leaves.
  std::uint64_t enter(std::shared_ptr<Guest> guest);
  // The guest has logged in, or its session has ended. Twice does no harm.
  void leave(std::uint64_t number);
  std::size_t guests() const;
  std::size_t most() const { return most_; }

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`. Numbers grow, so the first is the oldest. Shared with the listener's Admission.
  std::map<std::uint64_t, std::shared_ptr<Guest>> guests_;
  std::uint64_t next_ = 1;
};

}  // namespace hearthmail::net
