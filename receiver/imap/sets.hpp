// Which messages a client means: a sequence set or UID set applied to the view.
#pragma once

#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/numset.hpp"
#include "receiver/imap/parse/search.hpp"
#include "receiver/imap/view.hpp"

namespace hearthmail::receiver::imap {

// Ascending, disjoint ranges of the view. UIDs that do not exist are passed over (RFC 9051 §6.4.9); a sequence number
// beyond the mailbox is the client's error: Protocol.
base::Result<std::vector<IndexRange>> messages_in(const View& view, const parse::NumSet& set, bool uid);
// The messages at those positions among the ones in `ranges`, RFC 9394 §3.4.
std::vector<IndexRange> page_of(const std::vector<IndexRange>& ranges, const parse::PartialRange& page);
// The UIDs of those messages, ascending.
std::vector<base::Uid> uids_in(const View& view, const std::vector<IndexRange>& ranges);

}  // namespace hearthmail::receiver::imap
