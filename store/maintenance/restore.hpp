// What a backup brings back: everything, or the mail of one account or mailbox, or the queue. FORMAT.md, "Backup and
// restore", says what becomes of UIDs and of queued mail, and why.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "store/accounts/accounts.hpp"
#include "store/mail/mail.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::store::maintenance {

// ---- whole --------------------------------------------------------------------------------------------------------

struct Adapted {
  std::uint64_t mailboxes = 0;  // that have a new UIDVALIDITY
  std::uint64_t held = 0;       // queue entries put on hold
  bool old_read = true;         // the databases that are replaced could be asked for the numbers they had given
};
// Makes the copies in `staged` fit to follow the databases in `data_directory`: every mailbox gets a UIDVALIDITY over all
// that were given before, the counters go over theirs, and what is queued is put on hold. `created` is when the backup was
// made. No program may have either of them open.
base::Result<Adapted> adapt(const std::string& staged, const std::string& data_directory, const std::string& created);

// Puts the staged databases in the place of those in `data_directory`, each atomically. The old ones are in `staged` then.
base::Status replace(const std::string& staged, const std::string& data_directory);

// ---- in part ------------------------------------------------------------------------------------------------------

struct PartOptions {
  std::string mailbox;  // empty: all of the account's
  std::string into;     // a mailbox under which they are put ("Restored"); empty: where they were
  bool dry_run = false;
  // The accounts of the backup's access lists, by number there and number here; whoever is not named gets no rights back.
  // kAnyone is always the same.
  std::map<base::AccountId, base::AccountId> accounts;
};
struct RestoredMailbox {
  std::string name;           // in the running store
  bool made = false;          // it was not there
  std::uint64_t present = 0;  // messages that were there already
  std::uint64_t added = 0;
  std::uint64_t healed = 0;      // present ones whose damaged octets were put back
  std::uint64_t unreadable = 0;  // damaged in the backup too
};
struct From {
  mail::Store& mail;
  base::AccountId account;
};
struct To {
  mail::Store& mail;
  base::AccountId account;
};
// Adds what is missing in `to`, as new messages with new UIDs; nothing is removed and no flag changed. Missing is, for one
// mailbox, a message whose octets (by SHA-256) that mailbox has fewer of; for a whole account, one that no mailbox of it has:
// a message that was moved since does not come back in its old place. A mailbox that is made again where it was has its
// access list again; one that is there keeps the list that it has: what was withdrawn since stays so. Errors: NotFound (the backup has no such mailbox).
base::Result<std::vector<RestoredMailbox>> restore_mail(const From& from, const To& to, const PartOptions& options,
                                                        const std::function<void(const RestoredMailbox&)>& progress);

struct RestoredQueue {
  std::vector<base::QueueId> held;  // brought back, on hold
  std::uint64_t present = 0;        // entries that were there already
  std::uint64_t unreadable = 0;
};
// Brings back the entries that `to` does not have, or has as damaged ones, all on hold: they may have been delivered since.
base::Result<RestoredQueue> restore_queue(queue::Store& from, queue::Store& to, const std::string& created,
                                          bool dry_run);

}  // namespace hearthmail::store::maintenance
