#include "store/mail/chunks.hpp"

#include <algorithm>

#include "store/body/body.hpp"

namespace hearthmail::store::mail {

using base::Result;
using base::Status;

namespace {

constexpr std::size_t kPage = 4096, kPageHeader = 16;  // octets, LMDB's on most machines; elsewhere only room is wasted
constexpr std::size_t kMostWhole = 1'000;              // octets that are not cut
// Octets of a piece. LMDB fills a page until the next record does not fit: small ones leave less of it empty, and each takes
// 23 octets besides. Of chunks of 1,000 to 3,990 octets, 10 % of the pages were empty with 660, 15 % with pieces of 1,000.
constexpr std::size_t kMostInPiece = 660;
constexpr std::size_t kMostInPieces = 3'400;  // octets; more nearly fills a page

// How much of the chunk lies under its own key in pages of its own; 0: all of it is cut, or nothing.
std::size_t whole_pages(std::size_t octets) {
  const std::size_t pages = (octets + kPageHeader) / kPage;
  return pages == 0 ? 0 : pages * kPage - kPageHeader;
}

Key<kPieceKey> piece_key(std::string_view chunk_key, std::uint8_t number) {
  Key<kPieceKey> key;
  for (std::size_t i = 0; i < chunk_key.size(); ++i) key.put(i, static_cast<std::uint8_t>(chunk_key[i]));
  key.put(kPieceKey - 1, number);
  return key;
}

}  // namespace

Status put_chunk(WriteTxn& txn, std::uint64_t blob, std::uint32_t index, std::string_view chunk) {
  const auto key = chunk_key(blob, index);
  const std::string bound = body::bind_chunk(chunk, key);
  std::string_view rest = bound;
  const std::size_t head = whole_pages(rest.size());
  const std::size_t left = rest.size() - head;
  if ((head == 0 && left <= kMostWhole) || left > kMostInPieces) return txn.put(kChunks, key, rest);
  if (head > 0) TRY(txn.put(kChunks, key, rest.substr(0, head)));
  rest.remove_prefix(head);
  std::uint8_t number = head > 0 ? 1 : 0;
  for (std::size_t pieces = (left + kMostInPiece - 1) / kMostInPiece; pieces > 0; --pieces, ++number) {
    const std::string_view piece = rest.substr(0, (rest.size() + pieces - 1) / pieces);  // all of about one size
    if (number == 0) TRY(txn.put(kChunks, key, piece));
    else TRY(txn.put(kChunks, piece_key(key, number), piece));
    rest.remove_prefix(piece.size());
  }
  return base::ok();
}

Result<std::optional<std::string_view>> get_chunk(const ReadTxn& txn, const Key<12>& key, std::uint64_t* parts) {
  thread_local std::string whole;
  lmdb::Cursor cursor = txn.cursor(kChunks);
  TRY_ASSIGN(auto at, cursor.seek(key));
  if (!at || at->key != std::string_view(key)) return std::optional<std::string_view>{};
  const std::string_view head = at->value;
  if (parts != nullptr) ++*parts;
  whole.clear();
  for (std::uint8_t number = 1; number != 0; ++number) {
    TRY_ASSIGN(at, cursor.next());
    if (!at || at->key != std::string_view(piece_key(key, number))) break;
    if (parts != nullptr) ++*parts;
    if (whole.empty()) whole = head;
    whole += at->value;
  }
  return std::optional<std::string_view>(whole.empty() ? head : std::string_view(whole));
}

}  // namespace hearthmail::store::mail
