// Bodies that are stored already: whoever adds such a message need not compress it again (an import into several accounts,
// a message that is appended where it was copied from).
#pragma once

#include <string>
#include <string_view>

#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

base::BlobId body_id(std::string_view message);
base::Result<bool> is_stored(const ReadTxn& txn, const base::BlobId& id);
// A body without its chunks, for one that is stored. append() refuses it (Unavailable) when it has gone meanwhile.
PreparedBody stored_body(const base::BlobId& id, std::uint64_t octets);
// mail.hpp's prepare_body() for a message whose hash is known.
PreparedBody prepare_body(std::string_view message, const base::BlobId& id, std::string summary);

}  // namespace hearthmail::store::mail
