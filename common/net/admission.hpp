// Private to common/net: which connections a listener lets in, and how it reaches the sessions that run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>

#include "common/net/listener.hpp"
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

  Admission(std::size_t most, std::size_t most_per_address, std::size_t most_before_login)
      : most_(most), most_per_address_(most_per_address), most_before_login_(most_before_login) {}

  // Counts a connection from `address` that will run on `loop`. When too many have not logged in, the oldest of those
  // is closed to make room (limits.md).
  Decision admit(Loop& loop, const std::string& address);
  // The session's stream exists now. False when it has been closed meanwhile. On the session's loop.
  bool started(std::uint64_t id, const std::shared_ptr<StreamCore>& core);
  void authenticated(std::uint64_t id);
  void leave(std::uint64_t id);
  void close_all();
  std::size_t sessions() const;

  // What connections are counted by: an IPv4 address, or the /64 of an IPv6 address, which one host has to itself.
  static std::string group_of(const std::string& address);

 private:
  struct Entry {
    Loop* loop;
    std::string group;
    std::weak_ptr<StreamCore> core;
    bool doomed = false;  // close it as soon as it starts
  };
  void close_one(Entry& entry);

  const std::size_t most_;
  const std::size_t most_per_address_;
  const std::size_t most_before_login_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`. Ids grow, so the first is the oldest.
  std::map<std::uint64_t, Entry> entries_;
  std::set<std::uint64_t> before_login_;
  std::unordered_map<std::string, std::size_t> per_group_;
  std::uint64_t next_id_ = 1;
};

}  // namespace hearthmail::net
