#include "receiver/imap/parse/numset.hpp"

#include <algorithm>

namespace hearthmail::receiver::imap::parse {

NumSet NumSet::saved_result() {
  NumSet set;
  set.saved_result_ = true;
  return set;
}

void NumSet::add_ascending(std::uint32_t number) {
  if (!ranges_.empty() && ranges_.back().last + 1 == number) {
    ranges_.back().last = number;
  } else {
    ranges_.push_back({number, number});
  }
}

NumSet NumSet::resolved(std::uint32_t largest) const {
  std::vector<NumRange> sorted;
  sorted.reserve(ranges_.size());
  for (NumRange range : ranges_) {
    if (largest == 0 && (range.first == 0 || range.last == 0)) continue;
    if (range.first == 0) range.first = largest;
    if (range.last == 0) range.last = largest;
    if (range.first > range.last) std::swap(range.first, range.last);
    sorted.push_back(range);
  }
  std::sort(sorted.begin(), sorted.end(), [](const NumRange& a, const NumRange& b) { return a.first < b.first; });
  std::vector<NumRange> merged;
  for (const NumRange& range : sorted) {
    // 64 bits, so that a range up to 4,294,967,295 does not wrap.
    if (!merged.empty() && range.first <= std::uint64_t{merged.back().last} + 1) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return NumSet(std::move(merged));
}

bool NumSet::contains(std::uint32_t number) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), number,
                                      [](std::uint32_t n, const NumRange& range) { return n < range.first; });
  return after != ranges_.begin() && number <= std::prev(after)->last;
}

std::uint64_t NumSet::count() const {
  std::uint64_t numbers = 0;
  for (const NumRange& range : ranges_) numbers += std::uint64_t{range.last} - range.first + 1;
  return numbers;
}

std::string NumSet::to_string() const {
  const auto number = [](std::uint32_t n) { return n == 0 ? std::string("*") : std::to_string(n); };
  if (saved_result_) return "$";
  std::string out;
  for (const NumRange& range : ranges_) {
    if (!out.empty()) out += ',';
    out += number(range.first);
    if (range.last != range.first) out += ':' + number(range.last);
  }
  return out;
}

}  // namespace hearthmail::receiver::imap::parse
