// QueueBody: a queued message as the carriers read it, piece by piece, each piece in a snapshot of its own.
#pragma once

#include <string>

#include "common/smtp/client.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::relay {

constexpr std::size_t kBodyPiece = 256 * 1024;  // octets read at once

class QueueBody : public smtp::BodySource {
 public:
  // `store` must outlive it.
  QueueBody(store::queue::Store& store, base::QueueId id) : store_(store), id_(id) {}
  base::Result<std::string> next() override;

 private:
  store::queue::Store& store_;
  base::QueueId id_;
  std::uint64_t at_ = 0;
};

}  // namespace hearthmail::relay
