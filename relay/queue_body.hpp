// QueueBody: a queued message as the carriers read it, piece by piece, each piece in a snapshot of its own.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "common/smtp/client.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::relay {

constexpr std::size_t kBodyPiece = 256 * 1024;  // octets read at once
constexpr std::size_t kBodyKept = 64 * 1024;  // octets: a message up to this is read once for all that one parcel opens

class QueueBody : public smtp::BodySource {
 public:
  // `store` must outlive it. `octets`: of the message. `kept` is shared by the bodies that one parcel opens.
  QueueBody(store::queue::Store& store, base::QueueId id, std::uint64_t octets, std::shared_ptr<std::string> kept)
      : store_(store), id_(id), octets_(octets), kept_(std::move(kept)) {}
  base::Result<std::string> next() override;

 private:
  store::queue::Store& store_;
  base::QueueId id_;
  std::uint64_t octets_;
  std::shared_ptr<std::string> kept_;  // empty until the message, which is small, was read
  std::uint64_t at_ = 0;
};

}  // namespace hearthmail::relay
