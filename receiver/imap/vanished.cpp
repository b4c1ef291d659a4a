#include "receiver/imap/vanished.hpp"

#include <algorithm>

#include "receiver/imap/out.hpp"

namespace hearthmail::receiver::imap {

using base::Uid;
using store::mail::UidRange;

namespace {

// Appends first..last without the UIDs that the view has.
void add_unseen(const View& view, std::uint32_t first, std::uint32_t last, std::vector<UidRange>& out) {
  std::uint64_t next = first;
  const IndexRange known = view.between(Uid{first}, Uid{last});
  for (std::size_t i = known.first; i < known.last; ++i) {
    const std::uint32_t uid = view.uid_at(i).value;
    if (next < uid) out.push_back({Uid{static_cast<std::uint32_t>(next)}, Uid{uid - 1}});
    next = std::uint64_t{uid} + 1;
  }
  if (next <= last) out.push_back({Uid{static_cast<std::uint32_t>(next)}, Uid{last}});
}

}  // namespace

std::vector<UidRange> vanished_of(const std::vector<UidRange>& expunged, const parse::NumSet& wanted,
                                  const View& view) {
  std::vector<UidRange> out;
  auto range = wanted.ranges().begin();
  const auto end = wanted.ranges().end();
  for (const auto& [first, last] : expunged) {
    while (range != end && range->last < first.value) ++range;
    for (auto each = range; each != end && each->first <= last.value; ++each) {
      add_unseen(view, std::max(first.value, each->first), std::min(last.value, each->last), out);
    }
  }
  return out;
}

void put_vanished(std::string& out, const std::vector<UidRange>& uids, bool earlier) {
  for (std::size_t i = 0; i < uids.size(); ++i) {
    if (i % kVanishedRanges == 0) {
      if (i > 0) out += "\r\n";
      out += earlier ? "* VANISHED (EARLIER) " : "* VANISHED ";
    } else {
      out += ',';
    }
    put_number(out, uids[i].first.value);
    if (uids[i].last == uids[i].first) continue;
    out += ':';
    put_number(out, uids[i].last.value);
  }
  if (!uids.empty()) out += "\r\n";
}

}  // namespace hearthmail::receiver::imap
