// Threader: the threads of THREAD, RFC 5256 §3: ORDEREDSUBJECT and REFERENCES. Takes one message after the other, then
// builds, in slices, without recursion: a mailbox that is one endless chain costs time in proportion, and no stack.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.hpp"
#include "common/mime/summary.hpp"
#include "receiver/imap/parse/search.hpp"

namespace hearthmail::receiver::imap::search {

// Levels of one thread by references; a message that would hang deeper begins a thread of its own. It bounds the search
// for loops. Ours.
constexpr std::size_t kMaxThreadDepth = 1'000;

class Threader {
 public:
  explicit Threader(parse::ThreadAlgorithm algorithm) : algorithm_(algorithm) {}

  // In the order of sequence numbers. `number` is what the answer shows: the sequence number or the UID.
  void add(std::uint32_t number, base::UnixTime internal_date, const mime::Summary& summary);
  // Works for about `slice`; true when the threads are ready. On any thread.
  bool build(std::chrono::milliseconds slice);
  // Appends the next threads, "(1 2)(3 (4)(5))", about `budget` octets; true when all are out.
  bool put(std::string& out, std::size_t budget);

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  // A message, or a dummy: an id that is referred to and not there, or the head of threads with one subject.
  struct Node {
    std::uint32_t number = 0;  // 0: a dummy
    std::uint32_t parent = kNone;
    base::UnixTime date = 0;
    std::uint32_t subject = kNone;  // of subjects_; kNone: empty
    bool reply = false;             // a reply or a forward, by its subject
    std::vector<std::uint32_t> children;
  };

  std::uint32_t node_of(std::string id);
  std::uint32_t add_node();
  bool is_dummy(std::uint32_t node) const { return nodes_[node].number == 0; }
  bool would_loop(std::uint32_t parent, std::uint32_t child) const;
  void link(std::uint32_t parent, std::uint32_t child);
  void link_references(std::size_t message);
  void collect_children();
  void prune();
  void gather_subjects();
  void merge_by_subject(std::uint32_t at, std::unordered_map<std::uint32_t, std::uint32_t>& table);
  void sort_siblings(std::vector<std::uint32_t>& siblings) const;
  void sort_all();
  std::uint32_t shown(std::uint32_t node) const;  // the node itself, or a dummy's first child
  bool earlier(std::uint32_t a, std::uint32_t b) const;
  void order_by_subject();
  void put_thread(std::string& out, std::uint32_t root) const;

  enum class Phase { Link, Finish, Ready };
  parse::ThreadAlgorithm algorithm_;
  Phase phase_ = Phase::Link;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> messages_;                 // their nodes, in order of sequence
  std::vector<std::vector<std::uint32_t>> references_;  // of each message, from the oldest on, as nodes
  std::size_t linked_ = 0;
  std::unordered_map<std::string, std::uint32_t> by_id_;
  std::unordered_map<std::string, std::uint32_t> subjects_;  // folded base subject to a number
  std::vector<std::uint32_t> roots_;
  std::size_t written_ = 0;
};

}  // namespace hearthmail::receiver::imap::search
