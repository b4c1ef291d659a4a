// SmtpCarrier: mail to a smarthost by SMTP, or to our own receiver by LMTP, over connections that are used again.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/smtp/client.hpp"
#include "relay/carrier.hpp"
#include "relay/smtp/classify.hpp"
#include "relay/smtp/needs.hpp"

namespace hearthmail::relay {

// A connection is used again while it is younger than this (Postfix: 300 s), ...
constexpr std::chrono::seconds kConnectionAge{300};
// ... was idle for less than this (peers close early, and some count idle connections against us), ...
constexpr std::chrono::seconds kConnectionIdle{20};
// ... and has carried fewer messages than this, or than the peer's MAILMAX (RFC 9422).
constexpr std::uint32_t kConnectionMessages = 100;

struct SmtpCarrierOptions {
  std::string route;  // for the log
  smtp::ClientOptions client;
  std::uint64_t max_octets = 0;  // the operator's limit; 0: what the peer says
};

// Not thread-safe; lives on its dialer's loop. How many sends run at once is the caller's business.
class SmtpCarrier : public Carrier {
 public:
  SmtpCarrier(const base::Clock& clock, std::unique_ptr<smtp::Dialer> dialer, SmtpCarrierOptions options);
  base::Task<std::vector<Outcome>> send(const Parcel& parcel, BeforeLast before) override;
  base::Task<void> quit() override;
  void close() override;

 private:
  struct Connection {
    Connection(smtp::Dialer& dialer, const smtp::ClientOptions& options) : client(dialer, options) {}
    smtp::Client client;
    std::chrono::steady_clock::time_point opened;
    std::chrono::steady_clock::time_point used;
    bool rested = false;  // was idle since it was opened
  };
  // Either a connection that is ready, or why there is none.
  struct Ready {
    std::unique_ptr<Connection> connection;
    std::optional<smtp::SessionFault> fault;
  };
  base::Task<Ready> ready();
  base::Task<Ready> idle_connection();
  // Nothing: the connection had ended before anything was offered.
  base::Task<std::optional<std::vector<Outcome>>> transact(std::unique_ptr<Connection> connection, const Parcel& parcel,
                                                           Needs needs, BeforeLast before);
  base::Task<void> put_back(std::unique_ptr<Connection> connection, bool again);
  bool fresh(const Connection& connection) const;
  ReplyContext context(const Parcel& parcel) const;

  const base::Clock& clock_;
  std::unique_ptr<smtp::Dialer> dialer_;
  SmtpCarrierOptions options_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::set<Connection*> busy_;  // for close()
  bool closed_ = false;
};

}  // namespace hearthmail::relay
