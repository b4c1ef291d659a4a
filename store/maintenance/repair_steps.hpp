// The steps of repair. Private to store/maintenance.
#pragma once

#include <string>

#include "store/accounts/tables.hpp"
#include "store/mail/tables.hpp"
#include "store/maintenance/repair.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::maintenance {

// Where records go before they are erased.
class Quarantine {
 public:
  explicit Quarantine(std::string directory) : directory_(std::move(directory)) {}
  // Writes the octets durably; gives the file's name.
  base::Result<std::string> keep(const std::string& what, std::string_view octets);

 private:
  std::string directory_;
  std::uint64_t next_ = 1;
};

// False: nothing could be done about the finding.
using Mended = base::Result<bool>;

Mended mend_accounts(accounts::Store& store, const Finding& finding, Quarantine& quarantine);
Mended mend_queue(queue::Store& store, const Finding& finding, Quarantine& quarantine);
Mended mend_mail(mail::Store& store, const Finding& finding, Quarantine& quarantine);

Mended mend_acl(mail::Store& store, const Finding& finding, Quarantine& quarantine);  // of the mail environment

// Writes the record to a file, then erases it.
base::Status set_record_aside(lmdb::Env& env, lmdb::Table table, const Finding& finding, Quarantine& quarantine);
// The same for every record whose key begins with the finding's.
base::Status set_prefix_aside(lmdb::Env& env, lmdb::Table table, const Finding& finding, Quarantine& quarantine);
// Raises a counter to at least `least`.
base::Status raise_counter(lmdb::Env& env, lmdb::Table table, const std::string& name, std::uint64_t least);

// The mailbox's counts, UIDNEXT, HIGHESTMODSEQ and log from what is there.
base::Status recount(mail::WriteTxn& txn, mail::MailboxId box);

}  // namespace hearthmail::store::maintenance
