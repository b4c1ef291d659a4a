// Mailbox names as Net-Unicode wants them: composed, RFC 9051 §5.1, RFC 5198 §2.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::receiver::imap::text {

// `name` (well-formed UTF-8) in Normalization Form C.
std::string net_unicode(std::string_view name);

}  // namespace hearthmail::receiver::imap::text
