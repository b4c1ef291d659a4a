// Makes mailboxes reachable whose names are not composed (NFC): every name of a client is, RFC 9051 §5.1, so LIST would show
// them and nothing else would find them.
#pragma once

#include <functional>

#include "store/mail/mail.hpp"

namespace hearthmail::receiver::imap {

// Looks through all accounts, and renames in one job of the writer for each that has such names; what it did is logged. Not
// on a loop's thread: it waits for the writer. Stops between two accounts when `stopping` says so.
void normalise_names(store::mail::Store& mail, const std::function<bool()>& stopping);

}  // namespace hearthmail::receiver::imap
