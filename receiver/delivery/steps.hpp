// The steps of a delivery, synchronous. Private to receiver/delivery and its tests.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/mime/index.hpp"
#include "common/smtp/server_policy.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver::delivery {

// Return-Path and Received, RFC 5321 §4.4. The same for all recipients of a transaction.
std::string trace_fields(const hearthmail::smtp::ServerOptions& options, const hearthmail::smtp::ClientInfo& client,
                         const hearthmail::smtp::Transaction& transaction, base::UnixTime now);

// How many Received fields the message's header has, RFC 5321 §6.3.
std::size_t count_hops(const mime::Index& index);

// Steps 1 to 3: reads the spool, examines, prepares. Errors: Protocol (too many hops: a loop), Unavailable (spool).
base::Result<store::mail::PreparedBody> prepare_message(const hearthmail::smtp::Spool& spool, std::string_view trace);

// Step 4, in one transaction: appends to the INBOX of each account (made if new). With `all_or_nothing` the first error
// rolls everything back; otherwise NotFound and OverLimit stay with their account and every other error rolls back. An
// account that has the `delivery` (of our relay; empty: none) already has its message: nothing is appended, and that is ok.
using PerAccount = std::map<base::AccountId, base::Status>;
base::Result<PerAccount> append_to_inboxes(store::lmdb::WriteTxn& txn, const std::vector<base::AccountId>& accounts,
                                           const store::mail::PreparedBody& body, base::UnixTime now,
                                           bool all_or_nothing, std::string_view delivery = {});

}  // namespace hearthmail::receiver::delivery
