// CaptureCarrier: the route "capture:" keeps every outgoing message in a local account instead of sending it. For trying
// things out; its use is loud in the log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "relay/carrier.hpp"

namespace hearthmail::relay {

// The header lines that a captured message begins with: X-Hearthmail-Envelope-From, one X-Hearthmail-Envelope-To for each
// recipient, X-Hearthmail-Queue-Id. Control characters cannot get in.
std::string capture_header(const Parcel& parcel);

class CaptureCarrier : public Carrier {
 public:
  // `local`: LMTP to our own receiver. `account`: the address of the capture account; without one nothing can be kept.
  CaptureCarrier(std::unique_ptr<Carrier> local, std::string account);
  base::Task<std::vector<Outcome>> send(const Parcel& parcel, BeforeLast before) override;
  base::Task<void> quit() override { return local_->quit(); }
  void close() override { local_->close(); }

 private:
  Parcel captured(const Parcel& parcel) const;

  std::unique_ptr<Carrier> local_;
  std::string account_;
};

}  // namespace hearthmail::relay
