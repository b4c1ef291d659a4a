// Delivery: how a message that SMTP or LMTP has taken reaches the mailboxes of its recipients.
//
//   delivery::Services services{workers, mail, accounts, clock, hostname, spool_dir, max_message_octets};
//   delivery::Delivery delivery(services);       // one for the program; thread-safe
//   smtp::serve_smtp(loop, std::move(stream), delivery);
//   lmtp::serve_lmtp(loop, std::move(stream), delivery);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/disk_reserve.hpp"
#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "common/net/workers.hpp"
#include "common/smtp/server_policy.hpp"
#include "store/accounts/accounts.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver::delivery {

// Borrowed; main keeps them until the last session has ended.
struct Services {
  net::Workers& workers;
  store::mail::Store& mail;
  store::accounts::Store& accounts;
  const base::Clock& clock;
  std::string hostname;                  // ours: greeting, Received
  std::string spool_dir;                 // made on demand; data_dir/spool
  std::uint64_t max_message_octets = 0;  // SIZE
  base::DiskReserve* disk = nullptr;     // asked before mail is taken; none: nobody is refused for it
};

// What became of one recipient.
enum class Answers {
  One,           // SMTP: everybody gets it, or nobody and the peer tries again
  PerRecipient,  // LMTP, RFC 2033 §4.2
};

// The accounts that receive `address`. For postmaster, with a domain of ours or none, there is always one as long as any
// account exists: the account or alias of that name, else the catch-all, else the first account of the domain, else the
// first of all (RFC 5321 §4.5.1). Errors: Unavailable, Corrupt.
base::Result<store::accounts::Resolution> resolve_recipient(const store::lmdb::ReadTxn& txn,
                                                            const hearthmail::smtp::Address& address);

// Local delivery in four steps, each a function of delivery.cpp or steps.hpp:
//   1. trace       Return-Path and Received are put in front; nothing else of the message is touched
//   2. examine     index, hop count (a mail loop ends here)
//   3. prepare     summary, compression, checksums           1 to 3 run on the worker pool
//   4. store       one write transaction appends to every INBOX; the same octets for all, so the body is stored once
// A filter belongs between 2 and 3: it sees the whole indexed message and may still change where it goes.
class Delivery {
 public:
  explicit Delivery(Services services) : services_(std::move(services)) {}

  const Services& services() const { return services_; }
  // RCPT: fills recipient.accounts. 250 2.1.5; 550 5.1.1 (no such user); 554 5.7.1 (not our domain: nothing is ever
  // relayed); 452 4.2.2 (none of its accounts may keep a message of `octets`, which SIZE said; 0: not said); 451 4.3.0.
  // Limits are looked at here only: what was accepted once is delivered, though others have filled the mailbox meanwhile.
  hearthmail::smtp::ServerReply check_recipient(hearthmail::smtp::Recipient& recipient, std::uint64_t octets = 0) const;

  // Delivers to the accounts that check_recipient found; one reply, or one per recipient. Positive only after the commit.
  // 554 5.4.6 for a loop; whatever else goes wrong is temporary.
  base::Task<std::vector<hearthmail::smtp::ServerReply>> deliver(const hearthmail::smtp::ServerOptions& options,
                                                                 const hearthmail::smtp::ClientInfo& client,
                                                                 const hearthmail::smtp::Transaction& transaction,
                                                                 const hearthmail::smtp::Spool& message,
                                                                 Answers answers);

 private:
  Services services_;
};

}  // namespace hearthmail::receiver::delivery
