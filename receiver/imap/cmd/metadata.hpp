// Annotations as responses; for GETMETADATA and LIST ... RETURN (METADATA ...).
#pragma once

#include <cstdint>
#include <vector>

#include "receiver/imap/parse/metadata.hpp"
#include "receiver/imap/state.hpp"

namespace hearthmail::receiver::imap::cmd {

// One METADATA response for the mailbox (none: for the server) with the entries asked for, RFC 5464 §4.4.1. What is not there
// is NIL when it was asked for by its own name. Returns the length of the longest value left out for `max_size`.
base::Result<std::uint64_t> put_metadata(Connection& connection, const store::mail::ReadTxn& txn,
                                         const store::mail::Mailbox* mailbox, const std::vector<parse::Entry>& entries,
                                         parse::Depth depth = parse::Depth::Zero,
                                         std::optional<std::uint64_t> max_size = std::nullopt);

}  // namespace hearthmail::receiver::imap::cmd
