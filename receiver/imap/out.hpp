// What goes into responses by the thousand, appended to the session's output buffer without other allocations. Strings,
// names and dates are in text/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/mail/mail.hpp"

namespace hearthmail::receiver::imap {

void put_number(std::string& out, std::uint64_t number);
// uid-set: "1:3,7", RFC 4315 §4, in the given order (COPYUID pairs two sets): only runs of consecutive UIDs are joined.
void put_uid_set(std::string& out, const std::vector<base::Uid>& uids);
// "(\\Seen $Forwarded)"; `keywords` is the mailbox's table. Ids outside of it are left out.
void put_flags(std::string& out, const store::mail::Flags& flags, const std::vector<std::string>& keywords,
               bool recent);

}  // namespace hearthmail::receiver::imap
