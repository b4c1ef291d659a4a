// Strings of IMAP responses, RFC 9051 §4.3: what may be quoted is quoted, everything else is a literal.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::mime {

constexpr std::size_t kMaxQuoted = 1'000;  // octets of a value sent as a quoted string; longer ones are literals

// Appends `value` as a string. 8-bit and control octets make it a literal "{n}\r\n...", which IMAP4rev1 and rev2 both
// allow without UTF8=ACCEPT. NUL, which no literal may hold, becomes "?".
void append_string(std::string& out, std::string_view value);

}  // namespace hearthmail::mime
