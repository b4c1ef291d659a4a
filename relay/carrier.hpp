// Carrier: one way out (a smarthost, a mail API, our own receiver), behind one interface, so that the runner and its tests
// do not know which.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "common/smtp/client.hpp"
#include "relay/outcome.hpp"

namespace hearthmail::relay {

// One transaction's worth of one queue entry.
struct Parcel {
  base::QueueId id;
  smtp::OutgoingEnvelope envelope;  // with the recipients of this parcel only
  bool eight_bit_declared = false;  // BODY=8BITMIME was given when it was submitted
  // Opens the message from its first octet; may be called more than once.
  std::function<std::unique_ptr<smtp::BodySource>()> open_body;
};

// Commits "the last octets are about to be sent" for these recipients (positions in the parcel's envelope). When it
// fails the carrier must not send them.
using BeforeLast = smtp::BeforeFinalDot;

class Carrier {
 public:
  virtual ~Carrier() = default;
  // Offers the parcel once. One outcome per recipient, in order. The parcel lives until it returns.
  virtual base::Task<std::vector<Outcome>> send(const Parcel& parcel, BeforeLast before) = 0;
  // Ends idle connections in an orderly way.
  virtual base::Task<void> quit() = 0;
  // Closes every connection at once; a pending send() returns.
  virtual void close() = 0;
};

}  // namespace hearthmail::relay
