#include "store/mail/chunks.hpp"

#include <algorithm>

#include "store/body/body.hpp"

namespace hearthmail::store::mail {

using base::Result;
using base::Status;

namespace {

constexpr std::size_t kPage = 4096, kPageHeader = 16;  // octets, LMDB's on most machines; elsewhere only room is wasted
constexpr std::size_t kMostInPage = 2'000;             // octets that LMDB keeps beside other records, with key and node
constexpr std::size_t kPiece = 1'000;                  // octets; four to a page
constexpr std::size_t kMostInPieces = 3'400;           // octets; more nearly fills a page

// How much of the chunk lies under its own key: whole pages, or the first piece.
std::size_t head_of(std::size_t octets) {
  if (octets <= kMostInPage) return octets;
  const std::size_t pages = (octets + kPageHeader) / kPage;
  const std::size_t head = pages == 0 ? 0 : pages * kPage - kPageHeader;
  if (octets - head > kMostInPieces) return octets;
  return head == 0 ? kPiece : head;
}

// Could there be pieces besides? Their absence is no fault: chunks of such a length may be whole.
bool may_go_on(std::size_t head) { return head == kPiece || (head + kPageHeader) % kPage == 0; }

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
  const std::size_t head = head_of(rest.size());
  TRY(txn.put(kChunks, key, rest.substr(0, head)));
  rest.remove_prefix(head);
  for (std::uint8_t number = 1; !rest.empty(); ++number) {
    const std::size_t octets = std::min(kPiece, rest.size());
    TRY(txn.put(kChunks, piece_key(key, number), rest.substr(0, octets)));
    rest.remove_prefix(octets);
  }
  return base::ok();
}

Result<std::optional<std::string_view>> get_chunk(const ReadTxn& txn, const Key<12>& key, std::uint64_t* parts) {
  TRY_ASSIGN(const auto head, txn.get(kChunks, key));
  if (head && parts != nullptr) ++*parts;
  if (!head || !may_go_on(head->size())) return head;
  thread_local std::string whole;
  whole.clear();
  for (std::uint8_t number = 1; number <= kMostInPieces / kPiece + 1; ++number) {
    TRY_ASSIGN(const auto piece, txn.get(kChunks, piece_key(key, number)));
    if (!piece) break;
    if (parts != nullptr) ++*parts;
    if (whole.empty()) whole = *head;
    whole += *piece;
    if (piece->size() != kPiece) break;
  }
  return whole.empty() ? head : std::optional<std::string_view>(whole);
}

}  // namespace hearthmail::store::mail
