// The environments' contents in words, the same for the workload (inside its jobs) and for the check of an image.
#pragma once

#include <string>

#include "common/base/result.hpp"
#include "store/accounts/accounts.hpp"
#include "store/mail/mail.hpp"
#include "store/queue/queue.hpp"
#include "tests/crash/trace/history.hpp"

namespace hearthmail::crash {

constexpr std::uint64_t kMailAccounts = 3;  // account ids 1 to 3 of the mail environment

std::string mailbox_object(store::mail::MailboxId box);
std::string account_object(std::uint64_t account);
std::string entry_object(base::QueueId id);
constexpr const char* kPausesObject = "pauses";
constexpr const char* kAccountsObject = "accounts";

// Everything but the octets of bodies. "" when the object is not there.
base::Result<std::string> mailbox_state(const store::lmdb::ReadTxn& txn, store::mail::MailboxId box);
base::Result<std::string> account_state(const store::lmdb::ReadTxn& txn, std::uint64_t account);
base::Result<std::string> entry_state(const store::lmdb::ReadTxn& txn, base::QueueId id);
base::Result<std::string> pauses_state(const store::lmdb::ReadTxn& txn);
base::Result<std::string> accounts_state(const store::lmdb::ReadTxn& txn);

// All objects of an environment, and its bodies ("blob 7", "entry 7") with the SHA-256 of the octets that are read back.
struct Contents {
  Objects objects;
  std::map<std::string, std::string> bodies;
};
base::Result<Contents> mail_contents(const store::lmdb::ReadTxn& txn);
base::Result<Contents> queue_contents(const store::lmdb::ReadTxn& txn);
base::Result<Contents> accounts_contents(const store::lmdb::ReadTxn& txn);

}  // namespace hearthmail::crash
