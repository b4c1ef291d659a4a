#include "relay/queue_body.hpp"

namespace hearthmail::relay {

base::Result<std::string> QueueBody::next() {
  auto piece = store_.env().read(
      [this](const store::lmdb::ReadTxn& txn) { return store::queue::read_body(txn, id_, at_, kBodyPiece); });
  if (piece.ok()) at_ += piece->size();
  return piece;
}

}  // namespace hearthmail::relay
