#include "tests/crash/trace/history.hpp"

#include <algorithm>

namespace hearthmail::crash {

void History::add(const Operation& operation, const Objects& touched) {
  const std::lock_guard lock(mutex_);
  operations_.push_back(operation);
  for (const auto& [object, state] : touched) versions_[object].push_back({operation.sequence, state});
}

void History::expect_body(const std::string& body, const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  bodies_[body] = sha256;
}

void History::finish() {
  std::sort(operations_.begin(), operations_.end(),
            [](const Operation& a, const Operation& b) { return a.sequence < b.sequence; });
  for (auto& [object, versions] : versions_) {
    std::stable_sort(versions.begin(), versions.end(),
                     [](const Version& a, const Version& b) { return a.sequence < b.sequence; });
  }
}

std::vector<std::uint64_t> History::allowed(std::size_t at, bool acks_at_begin) const {
  std::vector<std::uint64_t> sequences{0};
  for (const Operation& one : operations_) {
    const std::size_t acked = acks_at_begin ? one.begun : one.acked;
    if (acked < at) sequences.clear();  // everything before it is there too
    if (acked < at || one.begun < at) sequences.push_back(one.sequence);
    else break;  // commits are in order: what had not begun, and all after it, is not there
  }
  return sequences;
}

Objects History::state(std::uint64_t sequence) const {
  Objects objects;
  for (const auto& [object, versions] : versions_) {
    const auto after = std::upper_bound(versions.begin(), versions.end(), sequence,
                                        [](std::uint64_t s, const Version& v) { return s < v.sequence; });
    if (after != versions.begin() && !std::prev(after)->state.empty()) objects[object] = std::prev(after)->state;
  }
  return objects;
}

bool History::was_before(const std::string& object, const std::string& state, std::uint64_t sequence) const {
  const auto found = versions_.find(object);
  if (found == versions_.end()) return state.empty();
  if (state.empty()) return true;  // every object was absent once
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](const Version& v) { return v.sequence < sequence && v.state == state; });
}

std::string History::body(const std::string& name) const {
  const auto found = bodies_.find(name);
  return found == bodies_.end() ? std::string() : found->second;
}

std::size_t History::acked(std::size_t at) const {
  return static_cast<std::size_t>(
      std::count_if(operations_.begin(), operations_.end(), [at](const Operation& one) { return one.acked < at; }));
}

}  // namespace hearthmail::crash
