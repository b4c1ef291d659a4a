// For store/mail and store/maintenance only: how a chunk lies in the table `chunks`. LMDB gives a value over half a page
// whole pages of its own, half of the last one empty on average; so what would not fill its last page lies beside
// other records, in pieces under keys of their own. FORMAT.md, "Chunk", has the layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

constexpr std::size_t kPieceKey = 13;  // octets: a chunk's key and the piece's number

// Binds `chunk`, as body::encode_chunks made it, to its place and stores it there. There must be none yet.
base::Status put_chunk(WriteTxn& txn, std::uint64_t blob, std::uint32_t index, std::string_view chunk);

// The chunk as body::view_chunk takes it; nothing when it is absent. A view that lives until this thread's next call, the
// next change, or the end of the transaction. `parts`: adds in how many records it lies.
base::Result<std::optional<std::string_view>> get_chunk(const ReadTxn& txn, const Key<12>& key,
                                                        std::uint64_t* parts = nullptr);

}  // namespace hearthmail::store::mail
