// The UIDs of a mailbox for those who show it, without reading every key where that can be avoided.
#pragma once

#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

// As list_uids(); but of a mailbox without gaps, which is how most large ones are, only the first and the last key are
// read and the count in its record is believed. In a damaged mailbox a message in between may then be missing: whoever
// checks or mends takes list_uids().
base::Result<std::vector<Uid>> expected_uids(const ReadTxn& txn, MailboxId box);

}  // namespace hearthmail::store::mail
