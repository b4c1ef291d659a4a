#include "receiver/delivery/local_policy.hpp"

#include <utility>

namespace hearthmail::receiver::delivery {

using hearthmail::smtp::ClientInfo;
using hearthmail::smtp::Recipient;
using hearthmail::smtp::ServerReply;
using hearthmail::smtp::Spool;
using hearthmail::smtp::Transaction;

LocalPolicy::LocalPolicy(Delivery& delivery, hearthmail::smtp::ServerOptions options, Answers answers)
    : delivery_(delivery), options_(std::move(options)), answers_(answers) {
  const auto& services = delivery.services();
  options_.hostname = services.hostname;
  options_.max_octets += services.max_message_octets;
  options_.spool_dir = services.spool_dir;
  options_.disk = services.disk;
}

ServerReply LocalPolicy::check_mail(const ClientInfo&, const Transaction&) { return {250, "2.1.0", "Sender OK"}; }

ServerReply LocalPolicy::check_rcpt(const ClientInfo&, const Transaction& transaction, Recipient& recipient) {
  return delivery_.check_recipient(recipient, transaction.parameters.size.value_or(0));
}

base::Task<std::vector<ServerReply>> LocalPolicy::commit(const ClientInfo& client, const Transaction& transaction,
                                                         const Spool& message) {
  auto replies = co_await delivery_.deliver(options_, client, transaction, message, answers_);
  co_return replies;
}

}  // namespace hearthmail::receiver::delivery
