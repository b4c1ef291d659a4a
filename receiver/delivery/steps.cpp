#include "receiver/delivery/steps.hpp"

#include "common/base/sync_point.hpp"
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "common/mime/summary.hpp"
#include "common/smtp/limits.hpp"
#include "common/smtp/trace.hpp"
#include "store/mail/deliveries.hpp"

namespace hearthmail::receiver::delivery {
namespace {

using base::Errc;
using base::Error;

base::Status append_to_inbox(store::lmdb::WriteTxn& txn, base::AccountId account, const store::mail::Arrival& arrival,
                             std::string_view delivery) {
  if (!delivery.empty()) {
    TRY_ASSIGN(const bool again, store::mail::was_delivered(txn, delivery, account));
    if (again && !base::fault("deliver-again")) {
      log::info("delivered before: no second copy", {{"account", account.value}, {"delivery", base::hex(delivery)}});
      return base::ok();
    }
  }
  TRY(store::mail::ensure_account(txn, account));
  TRY_ASSIGN(const auto inbox, store::mail::find_mailbox(txn, account, "INBOX"));
  TRY_ASSIGN([[maybe_unused]] const auto appended, store::mail::append(txn, inbox.id, arrival));
  // Last: what could not be appended must never look delivered.
  if (delivery.empty()) return base::ok();
  return store::mail::note_delivered(txn, delivery, account, arrival.save_date);
}

// May the other recipients still get their copy?
bool stays_with_account(const Error& error) { return error.code == Errc::NotFound || error.code == Errc::OverLimit; }

}  // namespace

std::string trace_fields(const hearthmail::smtp::ServerOptions& options, const hearthmail::smtp::ClientInfo& client,
                         const hearthmail::smtp::Transaction& transaction, base::UnixTime now) {
  return hearthmail::smtp::return_path_field(transaction.reverse_path) +
         hearthmail::smtp::received_field(options, client, transaction, now);
}

std::size_t count_hops(const mime::Index& index) {
  std::size_t hops = 0;
  if (index.parts.empty()) return hops;
  for (const auto& field : index.parts.front().fields) {
    if (base::iequals(field.name, "Received")) ++hops;
  }
  return hops;
}

base::Result<store::mail::PreparedBody> prepare_message(const hearthmail::smtp::Spool& spool, std::string_view trace) {
  TRY_ASSIGN(const auto message, spool.read_all(trace));
  const auto index = mime::index_message(message);
  if (count_hops(index) > hearthmail::smtp::kMaxHops) return Error{Errc::Protocol, "too many Received fields"};
  return store::mail::prepare_body(message, mime::encode(mime::summarize(message, index)));
}

base::Result<PerAccount> append_to_inboxes(store::lmdb::WriteTxn& txn, const std::vector<base::AccountId>& accounts,
                                           const store::mail::PreparedBody& body, base::UnixTime now,
                                           bool all_or_nothing, std::string_view delivery) {
  store::mail::Arrival arrival;
  arrival.body = &body;
  arrival.internal_date = now;
  arrival.save_date = now;
  PerAccount results;
  for (const auto account : accounts) {
    auto appended = append_to_inbox(txn, account, arrival, delivery);
    if (!appended.ok() && (all_or_nothing || !stays_with_account(appended.error()))) return appended.error();
    results.insert_or_assign(account, std::move(appended));
  }
  base::sync_point("delivery-after-write");
  return results;
}

}  // namespace hearthmail::receiver::delivery
