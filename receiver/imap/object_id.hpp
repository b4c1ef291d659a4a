// Object identifiers, RFC 8474: names for a mailbox and for a message's content that are never used again, not even by a store
// that was made anew: beside the number stands something that such a store would have different.
#pragma once

#include <string>

#include "store/mail/mail.hpp"

namespace hearthmail::receiver::imap {

std::string mailbox_id(const store::mail::Mailbox& mailbox);  // stays when the mailbox is renamed
std::string email_id(const store::mail::Message& message);    // the same in every copy

}  // namespace hearthmail::receiver::imap
