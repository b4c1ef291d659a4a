// Incoming: one message on its way in, from DATA or from one or more BDAT chunks, through the filter into the spool.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/spool.hpp"
#include "common/smtp/data_reader.hpp"
#include "common/smtp/server_policy.hpp"
#include "common/smtp/server_reply.hpp"

namespace hearthmail::smtp {

// Never stops taking octets: a message that has become unacceptable is drained, so that the dialog stays in step.
class Incoming {
 public:
  explicit Incoming(const ServerOptions& options);
  void take(std::string_view octets);  // already without DATA's transparency
  void finish();                       // the last octet is in
  // Why the message cannot be accepted, or nothing.
  std::optional<ServerReply> refusal() const;
  // True when the peer has sent so much more than allowed that draining is not worth it.
  bool flooded() const;
  std::uint64_t octets() const { return filter_.octets(); }
  const Spool& spool() const { return spool_; }

 private:
  void tell_failure() const;

  std::uint64_t most_;
  base::DiskReserve* disk_;
  MessageFilter filter_;
  Spool spool_;
  base::Status spooled_;
  std::string block_;  // filtered octets of one take()
};

}  // namespace hearthmail::smtp
