#include "receiver/imap/sets.hpp"

#include <cstdint>

namespace hearthmail::receiver::imap {

base::Result<std::vector<IndexRange>> messages_in(const View& view, const parse::NumSet& set, bool uid) {
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

std::vector<base::Uid> uids_in(const View& view, const std::vector<IndexRange>& ranges) {
  std::vector<base::Uid> uids;
  for (const auto& [first, last] : ranges) {
    uids.insert(uids.end(), view.uids().begin() + static_cast<std::ptrdiff_t>(first),
                view.uids().begin() + static_cast<std::ptrdiff_t>(last));
  }
  return uids;
}

}  // namespace hearthmail::receiver::imap
