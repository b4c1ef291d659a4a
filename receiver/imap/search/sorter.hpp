// Sorter: the order of SORT. Takes the keys of one message after the other, then sorts. RFC 5256 §2.2, §3; RFC 5957 §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "receiver/imap/parse/search.hpp"

namespace hearthmail::receiver::imap::search {

// What is known of a message; `summary` is the stored one.
struct SortSubject {
  std::uint32_t sequence = 0;
  base::UnixTime internal_date = 0;
  std::uint64_t octets = 0;
};

class Sorter {
 public:
  explicit Sorter(std::vector<parse::SortKey> keys);

  // Must be known before add(): without it the summary need not be read.
  bool needs_summary() const { return needs_summary_; }
  // In the order of sequence numbers, which decides between equals (RFC 5256 §3). Corrupt.
  base::Status add(const SortSubject& subject, std::string_view summary);
  // The sequence numbers in order. On any thread, once.
  std::vector<std::uint32_t> sorted();

 private:
  bool before(std::size_t a, std::size_t b) const;

  std::vector<parse::SortKey> keys_;
  std::size_t numbers_per_message_ = 0;
  std::size_t texts_per_message_ = 0;
  bool needs_summary_ = false;
  std::vector<std::uint32_t> sequences_;
  std::vector<std::int64_t> numbers_;  // numbers_per_message_ for each message, in the order of keys_
  std::vector<std::string> texts_;     // likewise, folded
};

}  // namespace hearthmail::receiver::imap::search
