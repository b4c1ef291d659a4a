// Bodies for answers that are being written: mail.hpp's read_body() without a string of its own.
#pragma once

#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

// The octets [offset, offset + count) of a body, cut at its end, behind what `out` holds. After an error some of them may
// be there. Errors: as read_body().
base::Status append_body(const ReadTxn& txn, std::uint64_t blob, std::uint64_t offset, std::uint64_t count,
                         std::string& out);

}  // namespace hearthmail::store::mail
