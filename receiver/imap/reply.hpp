// Errors as IMAP says them: the one place where base::Error becomes NO or BAD with a response code.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "receiver/imap/parse/command.hpp"

namespace hearthmail::receiver::imap {

struct Refusal {
  std::string_view word = "NO";  // NO or BAD
  std::string_view code;         // RFC 5530, RFC 9051 §7.1, without brackets; empty: none
  std::string text;              // for people; names no file, host or account
};

// What to answer when `verb` failed with `error`. Temporary when in doubt.
Refusal refusal(const base::Error& error, parse::Verb verb);

// "a1 NO [NONEXISTENT] No such mailbox\r\n".
void put_tagged(std::string& out, std::string_view tag, std::string_view word, std::string_view code,
                std::string_view text);

}  // namespace hearthmail::receiver::imap
