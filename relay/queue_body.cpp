#include "relay/queue_body.hpp"

namespace hearthmail::relay {

base::Result<std::string> QueueBody::next() {
  if (at_ >= octets_) return std::string();
  if (at_ == 0 && !kept_->empty()) {
    at_ = kept_->size();
    return *kept_;
  }
  auto piece = store_.env().read(
      [this](const store::lmdb::ReadTxn& txn) { return store::queue::read_body(txn, id_, at_, kBodyPiece); });
  if (!piece.ok()) return piece;
  at_ += piece->size();
  if (octets_ <= kBodyKept) *kept_ = *piece;
  return piece;
}

}  // namespace hearthmail::relay
