// RecentTable: a bounded map that forgets the entry that was touched longest ago. Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace hearthmail::auth {

template <class V>
class RecentTable {
 public:
  explicit RecentTable(std::size_t most) : most_(most) {}

  V* find(const std::string& key) {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &found->second->second;
  }
  // The entry of `key`, made when it is new, and now the most recent one.
  V& touch(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->second;
    }
    if (by_key_.size() >= most_) forget(order_.back().first);
    order_.emplace_front(key, V{});
    by_key_.emplace(key, order_.begin());
    return order_.front().second;
  }
  void forget(const std::string key) {  // by value: the key may live in the entry
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    order_.erase(found->second);
    by_key_.erase(found);
  }
  // Forgets entries from the oldest on while `stale` says so.
  template <class F>
  void forget_while(F stale) {
    while (!order_.empty() && stale(order_.back().second)) forget(order_.back().first);
  }
  std::size_t size() const { return by_key_.size(); }

 private:
  using Order = std::list<std::pair<std::string, V>>;
  std::size_t most_;
  Order order_;  // most recent first
  std::unordered_map<std::string, typename Order::iterator> by_key_;
};

}  // namespace hearthmail::auth
