// Private to common/net: which connections a listener lets in, and how it reaches the sessions that run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "common/net/listener.hpp"
#include "common/net/lobby.hpp"
#include "common/net/uv_stream.hpp"

namespace hearthmail::net {

// The sessions of one listener. Thread-safe: connections are admitted on the accept loop, sessions end on theirs.
// The listener and every session share it, because a session may outlive the listener.
class Admission {
 public:
  enum class Refusal { None, TooMany, TooManyFromAddress };
  struct Decision {
    Refusal refusal = Refusal::None;
    std::uint64_t id = 0;  // of the session, when admitted
  };

  // `lobby`: where sessions are until they log in; null for a service without a login.
  Admission(std::size_t most, std::size_t most_per_address, std::shared_ptr<Lobby> lobby)
      : most_(most), most_per_address_(most_per_address), lobby_(std::move(lobby)) {}

  // Counts a connection from `address` that will run on `loop`. The lobby may send its oldest guest away for it.
  Decision admit(Loop& loop, const std::string& address);
  // The session's stream exists now. False when it has been sent away meanwhile. On the session's loop.
  bool started(std::uint64_t id, const std::shared_ptr<StreamCore>& core);
  void authenticated(std::uint64_t id);
  void leave(std::uint64_t id);
  void close_all();
  std::size_t sessions() const;

  // What connections are counted by: an IPv4 address, or the /64 of an IPv6 address, which one host has to itself.
  static std::string group_of(const std::string& address);

 private:
  struct Entry {
    std::shared_ptr<Guest> guest;  // shared with the lobby
    std::string group;
    std::uint64_t in_lobby = 0;
  };

  const std::size_t most_;
  const std::size_t most_per_address_;
  const std::shared_ptr<Lobby> lobby_;  // shared by the server's listeners
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  std::map<std::uint64_t, Entry> entries_;
  std::unordered_map<std::string, std::size_t> per_group_;
  std::uint64_t next_id_ = 1;
};

}  // namespace hearthmail::net
