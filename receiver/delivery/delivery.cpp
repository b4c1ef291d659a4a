#include "receiver/delivery/delivery.hpp"

#include <algorithm>

#include "common/log/log.hpp"
#include "receiver/delivery/steps.hpp"

namespace hearthmail::receiver::delivery {
namespace {

using base::AccountId;
using base::Errc;
using base::Error;
using hearthmail::smtp::ServerReply;
using hearthmail::smtp::Transaction;
using Replies = std::vector<ServerReply>;

// Every account once, however many of its addresses are named.
std::vector<AccountId> receivers(const Transaction& transaction) {
  std::vector<AccountId> out;
  for (const auto& recipient : transaction.recipients) {
    out.insert(out.end(), recipient.accounts.begin(), recipient.accounts.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// An account that was removed between RCPT and now gets no new mailboxes. Errors: NotFound.
base::Status still_there(store::accounts::Store& accounts, const std::vector<AccountId>& wanted,
                         std::vector<AccountId>& present) {
  return accounts.env().read([&](const store::lmdb::ReadTxn& txn) -> base::Status {
    for (const auto id : wanted) {
      TRY_ASSIGN(const auto account, store::accounts::load_account(txn, id));
      if (account.has_value()) present.push_back(id);
    }
    return base::ok();
  });
}

ServerReply accepted(const Transaction& transaction) { return {250, "2.0.0", "Stored as " + transaction.id}; }

// Permanent only for a loop. Everything else passes: 550 would lose the mail of a full disk or of a defect of ours.
ServerReply refused(const Error& error, const base::DiskReserve* disk) {
  if (error.code == Errc::Unavailable && disk != nullptr && disk->reached()) return hearthmail::smtp::no_room();
  if (error.code == Errc::Protocol) return {554, "5.4.6", "Too many hops, this is a mail loop"};  // RFC 5321 §6.3
  if (error.code == Errc::OverLimit) return {452, "4.2.2", "Mailbox is full"};
  return {451, "4.3.0", "Local error, try again later"};
}

Replies refuse_all(const Transaction& transaction, Answers answers, const Error& error, const base::DiskReserve* disk) {
  log::warning("delivery failed", {{"id", transaction.id}, {"error", error.text}});
  const std::size_t count = answers == Answers::One ? 1 : transaction.recipients.size();
  return Replies(count, refused(error, disk));
}

// A recipient's message is accepted when each of its accounts has it that still exists; with none left there is no such
// user. Otherwise the peer tries again; those accounts of an alias that have it get it twice unless the peer names its
// delivery, as our relay does: a mistake may duplicate mail, never lose it.
ServerReply answer_for(const Transaction& transaction, const std::vector<AccountId>& accounts,
                       const PerAccount& results, const base::DiskReserve* disk) {
  bool delivered = false;
  for (const auto account : accounts) {
    const auto at = results.find(account);
    if (at == results.end()) continue;  // removed since RCPT
    if (!at->second.ok()) return refused(at->second.error(), disk);
    delivered = true;
  }
  if (!delivered) return {550, "5.1.1", "No such user here"};
  return accepted(transaction);
}

}  // namespace

base::Task<Replies> Delivery::deliver(const hearthmail::smtp::ServerOptions& options,
                                      const hearthmail::smtp::ClientInfo& client, const Transaction& transaction,
                                      const hearthmail::smtp::Spool& message, Answers answers) {
  const base::UnixTime now = services_.clock.now();
  base::DiskReserve* const disk = services_.disk;
  const std::string trace = trace_fields(options, client, transaction, now);
  const auto prepare = [&message, &trace] { return prepare_message(message, trace); };
  base::Result<store::mail::PreparedBody> body = Error{Errc::Internal, "not prepared"};
  if (message.octets() <= net::kSmallWork) {
    body = net::run_here(prepare);
  } else {
    body = co_await services_.workers.run(prepare);
  }
  if (!body.ok()) co_return refuse_all(transaction, answers, body.error(), disk);

  const auto wanted = receivers(transaction);
  std::vector<AccountId> present;
  const auto looked = still_there(services_.accounts, wanted, present);
  if (!looked.ok()) co_return refuse_all(transaction, answers, looked.error(), disk);
  const bool all_or_nothing = answers == Answers::One;
  if (all_or_nothing && present.size() != wanted.size()) {
    const Error gone{Errc::Unavailable, "an account was removed during the transaction"};
    co_return refuse_all(transaction, answers, gone, disk);
  }

  // Asked once more on the writer's thread, where only one message grows the file at a time.
  const auto append = [&](store::lmdb::WriteTxn& txn) -> base::Result<PerAccount> {
    if (disk != nullptr) TRY(disk->check(body->stored_octets()));
    return append_to_inboxes(txn, present, *body, now, all_or_nothing, transaction.parameters.delivery_id);
  };
  const bool large = body->stored_octets() > store::lmdb::kLargeJob;
  const auto isolation = large ? store::lmdb::Isolation::Own : store::lmdb::Isolation::Child;
  auto results = co_await services_.mail.env().write_async(append, isolation);
  if (!results.ok()) co_return refuse_all(transaction, answers, results.error(), disk);
  Replies replies;
  if (all_or_nothing) {
    replies.push_back(accepted(transaction));
  } else {
    for (const auto& one : transaction.recipients)
      replies.push_back(answer_for(transaction, one.accounts, *results, disk));
  }
  co_return replies;
}

}  // namespace hearthmail::receiver::delivery
