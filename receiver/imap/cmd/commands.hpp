// The handlers of the command table, one file each. Arguments arrive parsed; the state has been checked. An error becomes
// the tagged NO or BAD (reply.hpp); success the tagged OK, or connection.completion when the handler set one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "receiver/imap/operation.hpp"
#include "receiver/imap/parse/command.hpp"
#include "receiver/imap/state.hpp"

namespace hearthmail::receiver::imap::cmd {

using Started = base::Result<std::unique_ptr<Operation>>;

// ---- any state ----
base::Status capability(Connection& connection, const parse::Command& command);
// What CAPABILITY says now, RFC 9051 §6.1.1: "IMAP4rev1 LITERAL- ...".
std::string capability_list(const Connection& connection);
base::Status noop(Connection& connection, const parse::Command& command);  // CHECK too
base::Status id(Connection& connection, const parse::Command& command);

// ---- logged in ----
base::Status enable(Connection& connection, const parse::Command& command);
Started set_acl(Connection& connection, parse::Command& command);
Started delete_acl(Connection& connection, parse::Command& command);
base::Status get_acl(Connection& connection, const parse::Command& command);
base::Status list_rights(Connection& connection, const parse::Command& command);
base::Status my_rights(Connection& connection, const parse::Command& command);
// Appends one MYRIGHTS response; also for LIST ... RETURN (MYRIGHTS).
void put_my_rights(Connection& connection, const std::string& shown, store::mail::Rights rights);
base::Status notify(Connection& connection, const parse::Command& command);
base::Status name_space(Connection& connection, const parse::Command& command);
base::Status list(Connection& connection, const parse::Command& command);
base::Status lsub(Connection& connection, const parse::Command& command);
base::Status status(Connection& connection, const parse::Command& command);
// Appends one STATUS response; also for LIST ... RETURN (STATUS ...).
// mailbox.name is the name that the client knows (rights.hpp: Reached::shown).
base::Status put_status(Connection& connection, const store::mail::ReadTxn& txn, const store::mail::Mailbox& mailbox,
                        const std::vector<parse::StatusItem>& items);
// Asking for HIGHESTMODSEQ enables CONDSTORE, RFC 7162 §3.1.
void enable_by(Connection& connection, const std::vector<parse::StatusItem>& items);
base::Status get_quota(Connection& connection, const parse::Command& command);
base::Status get_quota_root(Connection& connection, const parse::Command& command);
base::Status set_quota(Connection& connection, const parse::Command& command);
base::Status get_metadata(Connection& connection, const parse::Command& command);
Started set_metadata(Connection& connection, parse::Command& command);
Started select(Connection& connection, parse::Command& command);  // EXAMINE too
Started create(Connection& connection, parse::Command& command);
Started remove(Connection& connection, parse::Command& command);  // DELETE
Started rename(Connection& connection, parse::Command& command);
Started subscribe(Connection& connection, parse::Command& command);  // UNSUBSCRIBE too

// ---- selected ----
Started close(Connection& connection, parse::Command& command);
base::Status unselect(Connection& connection, const parse::Command& command);
Started expunge(Connection& connection, parse::Command& command);
Started search(Connection& connection, parse::Command& command);
Started sort(Connection& connection, parse::Command& command);
Started thread(Connection& connection, parse::Command& command);
Started multi_search(Connection& connection, parse::Command& command);  // ESEARCH, also without a selected mailbox
Started fetch(Connection& connection, parse::Command& command);
Started store(Connection& connection, parse::Command& command);
Started copy(Connection& connection, parse::Command& command);
Started move(Connection& connection, parse::Command& command);

}  // namespace hearthmail::receiver::imap::cmd
