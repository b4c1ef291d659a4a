// A thread of IMAP clients and deliveries on the mail environment.
#pragma once

#include "tests/crash/trace/actor.hpp"

namespace hearthmail::crash {

class MailActor : public Actor {
 public:
  using Actor::Actor;
  base::Status run(unsigned operations);

 private:
  base::Status deliver(bool large);
  base::Status append_many();
  base::Status refuse();
  base::Status store_flags();
  base::Status transfer(bool moving);
  base::Status expunge();
  base::Status mailboxes();
  base::Status recent();

  // Some mailbox of some account, and some UIDs in it, as the transaction sees them.
  base::Result<store::mail::Mailbox> some_mailbox(const store::lmdb::ReadTxn& txn);
  base::Result<std::vector<base::Uid>> some_uids(const store::lmdb::ReadTxn& txn, base::MailboxId box,
                                                 std::size_t most);
  store::mail::PreparedBody prepare(std::size_t octets, std::string& sum);
  // Records which octets the mailbox's newest message must have.
  base::Status expect(const store::lmdb::ReadTxn& txn, base::MailboxId box, const std::string& sum);

  std::vector<std::string> sent_;  // now and then the same octets come again: one body, two references
};

}  // namespace hearthmail::crash
