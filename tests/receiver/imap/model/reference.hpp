// What two mailboxes must be: the semantics of the commands over a std::map, in a few lines each, with the UIDs and
// mod-sequences that a server must give.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace hearthmail::test::model {

using FlagSet = std::set<std::string>;
using Uids = std::vector<std::uint32_t>;

// Ends the run; the test shows `what` with the seed and the transcript.
inline void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}

struct Kept {
  FlagSet flags;
  std::uint64_t modseq = 0;
};

struct Box {
  std::string name;
  std::uint32_t uid_next = 1;
  std::uint64_t highest = 1;
  std::map<std::uint32_t, Kept> messages;

  void append(FlagSet flags) { messages[uid_next++] = {std::move(flags), ++highest}; }

  // `mode`: '+', '-' or '='. Returns what UNCHANGEDSINCE refused.
  Uids store(const Uids& uids, char mode, const FlagSet& flags, std::uint64_t unchanged_since) {
    Uids modified;
    bool any = false;
    for (const auto uid : uids) {
      const auto at = messages.find(uid);
      if (at == messages.end()) continue;
      if (at->second.modseq > unchanged_since) {
        modified.push_back(uid);
        continue;
      }
      FlagSet changed = apply(at->second.flags, mode, flags);
      if (changed == at->second.flags) continue;
      at->second = {std::move(changed), highest + 1};
      any = true;
    }
    if (any) ++highest;
    return modified;
  }

  void expunge(const Uids& uids) {
    std::size_t removed = 0;
    for (const auto uid : uids) {
      const auto at = messages.find(uid);
      if (at == messages.end() || at->second.flags.count("\\Deleted") == 0) continue;
      messages.erase(at);
      ++removed;
    }
    if (removed > 0) ++highest;
  }

  // The UIDs that COPYUID must name.
  struct Copied {
    Uids source;
    Uids target;
  };
  Copied copy_to(Box& target, const Uids& uids, bool moves) {
    std::vector<FlagSet> taken;
    for (const auto uid : uids) {
      if (messages.count(uid) != 0) taken.push_back(messages[uid].flags);
    }
    Copied copied;
    if (taken.empty()) return copied;
    for (const auto uid : uids) {
      if (messages.count(uid) != 0) copied.source.push_back(uid);
    }
    ++target.highest;
    for (auto& flags : taken) {
      copied.target.push_back(target.uid_next);
      target.messages[target.uid_next++] = {std::move(flags), target.highest};
    }
    if (!moves) return copied;
    ++highest;
    for (const auto uid : copied.source) messages.erase(uid);
    return copied;
  }

  static FlagSet apply(FlagSet flags, char mode, const FlagSet& change) {
    if (mode == '=') return change;
    for (const auto& flag : change) {
      if (mode == '+') flags.insert(flag);
      if (mode == '-') flags.erase(flag);
    }
    return flags;
  }
};

}  // namespace hearthmail::test::model
