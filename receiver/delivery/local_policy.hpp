// LocalPolicy: what port 25 and the LMTP socket have in common. Any sender, also <>; only recipients of our domains.
#pragma once

#include <vector>

#include "receiver/delivery/delivery.hpp"

namespace hearthmail::receiver::delivery {

class LocalPolicy : public hearthmail::smtp::ServerPolicy {
 public:
  // hostname and spool of `options` are filled in from the services, and the message size is added to max_octets, which
  // holds what this way in may exceed it by.
  LocalPolicy(Delivery& delivery, hearthmail::smtp::ServerOptions options, Answers answers);
  const hearthmail::smtp::ServerOptions& options() const override { return options_; }
  hearthmail::smtp::ServerReply check_mail(const hearthmail::smtp::ClientInfo& client,
                                           const hearthmail::smtp::Transaction& transaction) override;
  hearthmail::smtp::ServerReply check_rcpt(const hearthmail::smtp::ClientInfo& client,
                                           const hearthmail::smtp::Transaction& transaction,
                                           hearthmail::smtp::Recipient& recipient) override;
  base::Task<std::vector<hearthmail::smtp::ServerReply>> commit(const hearthmail::smtp::ClientInfo& client,
                                                                const hearthmail::smtp::Transaction& transaction,
                                                                const hearthmail::smtp::Spool& message) override;

 private:
  Delivery& delivery_;
  hearthmail::smtp::ServerOptions options_;
  Answers answers_;
};

}  // namespace hearthmail::receiver::delivery
