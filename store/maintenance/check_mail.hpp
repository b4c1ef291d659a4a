// What the parts of the check of the mail environment share. Private to store/maintenance.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/mail/tables.hpp"
#include "store/maintenance/scan.hpp"

namespace hearthmail::store::maintenance {

// The bodies that a mailbox's messages refer to, as of a MODSEQ: every change of its messages has another one.
struct Referred {
  mail::ModSeq modseq;
  std::vector<std::uint64_t> blobs;
};
using ReferredBy = std::map<std::uint64_t, Referred>;  // by mailbox

// Who the accounts and mailboxes are, for people.
class Names {
 public:
  // Those of all accounts; without a store, numbers.
  static base::Result<Names> load(accounts::Store* accounts);
  std::string account(mail::AccountId account) const;
  std::string mailbox(const ReadTxn& txn, mail::MailboxId box) const;
  std::string message(const ReadTxn& txn, mail::MailboxId box, mail::Uid uid) const;
  bool known(mail::AccountId account) const { return addresses_.empty() || addresses_.count(account.value) > 0; }

 private:
  std::map<std::uint64_t, std::string> addresses_;
};

// check_mailbox.cpp: mailboxes with their messages and logs, names, keywords, subscriptions, counters.
base::Status check_mailboxes(Scan& scan, const Names& names, ReferredBy& referred);
// check_bodies.cpp: bodies with their chunks and summaries, hashes, garbage.
base::Status check_bodies(Scan& scan, const Names& names);
// check_deliveries.cpp: what our relay delivered.
base::Status check_deliveries(Scan& scan, const Names& names);
// check_acl.cpp: who besides the owner may do what.
base::Status check_acl(Scan& scan, const Names& names);
// check_references.cpp: how many messages refer to each body.
base::Status check_references(Scan& scan, ReferredBy referred);

// What is wrong with a body's octets or summary; empty when nothing is. `octets` gets what was read of chunks.
struct BodyFault {
  std::string body;
  std::string summary;
};
base::Result<BodyFault> verify_body(lmdb::Env& env, std::uint64_t number, std::uint64_t& octets,
                                    std::uint64_t& records);
// Is the summary one that the servers can use?
base::Status verify_summary(const ReadTxn& txn, std::uint64_t number);

}  // namespace hearthmail::store::maintenance
