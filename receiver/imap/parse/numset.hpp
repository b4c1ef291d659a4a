// Sets of message numbers or UIDs: sequence-set of RFC 9051 §9.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxRanges = 10'000;  // ranges in one set, limits.md

// first <= last except as written by a client; 0 stands for "*".
struct NumRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool operator==(const NumRange&) const = default;
};

class NumSet {
 public:
  NumSet() = default;
  explicit NumSet(std::vector<NumRange> ranges) : ranges_(std::move(ranges)) {}
  // "$": what the last SEARCH RETURN (SAVE) found, RFC 5182 §2.1. It has no ranges of its own.
  static NumSet saved_result();
  bool is_saved_result() const { return saved_result_; }

  const std::vector<NumRange>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  void push_back(NumRange range) { ranges_.push_back(range); }
  // Appends a number that is greater than all before; neighbours become one range. For COPYUID, ESEARCH, VANISHED.
  void add_ascending(std::uint32_t number);

  // The same numbers as sorted, disjoint ranges without "*": `largest` is the number that "*" means (RFC 9051 §9: the
  // largest in use, so that "5:*" includes it even when it is below 5). With largest 0 (empty mailbox) "*" matches nothing.
  NumSet resolved(std::uint32_t largest) const;
  // Only on a resolved set. O(log ranges).
  bool contains(std::uint32_t number) const;
  std::uint64_t count() const;  // only on a resolved set

  // As sent: "1:3,7,9:*".
  std::string to_string() const;
  bool operator==(const NumSet&) const = default;

 private:
  std::vector<NumRange> ranges_;
  bool saved_result_ = false;
};

}  // namespace hearthmail::receiver::imap::parse
