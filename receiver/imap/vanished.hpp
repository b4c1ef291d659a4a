// VANISHED, RFC 7162 §3.2.10: which messages are gone, by UID.
#pragma once

#include <string>
#include <vector>

#include "receiver/imap/parse/numset.hpp"
#include "receiver/imap/view.hpp"

namespace hearthmail::receiver::imap {

constexpr std::size_t kVanishedRanges = 1'000;  // ranges in one VANISHED response; a longer list becomes several

// Of `expunged` what is in `wanted` (resolved), but nothing that the client still counts in its view: that is told by an
// EXPUNGE or VANISHED, which takes it out of the count.
std::vector<store::mail::UidRange> vanished_of(const std::vector<store::mail::UidRange>& expunged,
                                               const parse::NumSet& wanted, const View& view);
// `earlier`: before this session looked, so no sequence number changes.
void put_vanished(std::string& out, const std::vector<store::mail::UidRange>& uids, bool earlier);

}  // namespace hearthmail::receiver::imap
