// Strings as a server sends them: quoted where that is allowed, a literal otherwise. RFC 9051 §4.3, §9.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::receiver::imap::text {

constexpr std::size_t kMaxQuoted = 1024;  // octets; longer strings are sent as literals

// All append to `out`. `utf8`: the client enabled it (IMAP4rev2, UTF8=ACCEPT), so quoted strings may hold UTF-8.
void append_string(std::string& out, std::string_view text, bool utf8);   // quoted, or a literal when it cannot be
void append_astring(std::string& out, std::string_view text, bool utf8);  // an atom when it can be
void append_nstring(std::string& out, const std::optional<std::string>& text, bool utf8);  // NIL when absent
void append_literal(std::string& out, std::string_view text);                              // "{5}\r\nhello"
void append_literal_head(std::string& out, std::size_t octets);  // "{5}\r\n"; the octets follow
// A mailbox name (UTF-8) as this client reads it: UTF-8, or modified UTF-7 (RFC 3501 §5.1.3).
void append_mailbox(std::string& out, std::string_view name, bool utf8);
// Text for people in a response line: controls, so that it cannot end the line, and 8-bit octets, which TEXT-CHAR of
// RFC 3501 §9 does not know, become '?'.
std::string response_text(std::string_view text);

}  // namespace hearthmail::receiver::imap::text
