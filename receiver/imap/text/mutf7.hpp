// Modified UTF-7, the mailbox names of IMAP4rev1: RFC 3501 §5.1.3, RFC 9051 §5.1 and Appendix A.1.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::receiver::imap::text {

// To UTF-8. Strict: Invalid for 8-bit octets, an unfinished or empty shift, bad base64 or surrogates, and for encoded
// printable ASCII (two spellings of one name).
base::Result<std::string> decode_mutf7(std::string_view name);
// From UTF-8 (must be well-formed).
std::string encode_mutf7(std::string_view utf8);

}  // namespace hearthmail::receiver::imap::text
