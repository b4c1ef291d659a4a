// Flag lists as a server sends them, RFC 9051 §7.5.2, §7.3.5 and RFC 3501 §7.2.6 (\Recent).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/mail/mail.hpp"

namespace hearthmail::receiver::imap::text {

// "(\Answered \Seen work)"; `keywords` is the mailbox's table that flags.keywords index.
std::string flag_list(const store::mail::Flags& flags, std::span<const std::string> keywords, bool recent);
// All that a mailbox knows: "(\Answered \Flagged \Deleted \Seen \Draft work ...)", with "\*" when `new_ones` (as
// PERMANENTFLAGS of a mailbox in which keywords can be made).
std::string known_flags(std::span<const std::string> keywords, bool new_ones);
// "\Drafts" -> Drafts, ASCII case-insensitive; None when unknown. RFC 6154 §2.
store::mail::SpecialUse special_use(std::string_view attribute);
std::string_view special_use_name(store::mail::SpecialUse use);  // "\Drafts"; "" for None

}  // namespace hearthmail::receiver::imap::text
