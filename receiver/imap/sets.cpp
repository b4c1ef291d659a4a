#include "receiver/imap/sets.hpp"

#include <algorithm>
#include <cstdint>

namespace hearthmail::receiver::imap {

namespace {

// "$" names messages, whatever the command counts by. Those that are gone are passed over (RFC 5182 §2.1).
std::vector<IndexRange> saved_messages(const View& view) {
  std::vector<IndexRange> ranges;
  for (const base::Uid uid : view.saved_result()) {
    const auto index = view.index_of(uid);
    if (!index.has_value()) continue;
    if (!ranges.empty() && ranges.back().last == *index) {
      ++ranges.back().last;
    } else {
      ranges.push_back({*index, *index + 1});
    }
  }
  return ranges;
}

}  // namespace

base::Result<std::vector<IndexRange>> messages_in(const View& view, const parse::NumSet& set, bool uid) {
  if (set.is_saved_result()) return saved_messages(view);
  std::vector<IndexRange> ranges;
  const auto messages = static_cast<std::uint32_t>(view.size());
  if (uid) {
    const std::uint32_t largest = messages == 0 ? 0 : view.uid_at(messages - 1).value;
    const auto resolved = set.resolved(largest);
    for (const auto& [first, last] : resolved.ranges()) {
      const IndexRange range = view.between(base::Uid{first}, base::Uid{last});
      if (range.first < range.last) ranges.push_back(range);
    }
    return ranges;
  }
  const auto resolved = set.resolved(messages);
  for (const auto& [first, last] : resolved.ranges()) {
    if (last > messages) return base::Error{base::Errc::Protocol, "No message has that sequence number"};
    ranges.push_back({first - 1, last});
  }
  return ranges;
}

std::vector<IndexRange> page_of(const std::vector<IndexRange>& ranges, const parse::PartialRange& page) {
  std::size_t messages = 0;
  for (const auto& range : ranges) messages += range.last - range.first;
  const auto wanted = parse::positions(page, messages);
  std::vector<IndexRange> kept;
  std::size_t before = 0;
  for (const auto& range : ranges) {
    const std::size_t end = before + (range.last - range.first);
    const std::size_t first = std::max(before, wanted.first);
    const std::size_t last = std::min(end, wanted.last);
    if (first < last) kept.push_back({range.first + (first - before), range.first + (last - before)});
    before = end;
  }
  return kept;
}

std::vector<base::Uid> uids_in(const View& view, const std::vector<IndexRange>& ranges) {
  std::vector<base::Uid> uids;
  for (const auto& [first, last] : ranges) {
    uids.insert(uids.end(), view.uids().begin() + static_cast<std::ptrdiff_t>(first),
                view.uids().begin() + static_cast<std::ptrdiff_t>(last));
  }
  return uids;
}

}  // namespace hearthmail::receiver::imap
