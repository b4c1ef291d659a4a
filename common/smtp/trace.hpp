// Trace fields, RFC 5321 §4.4. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/smtp/server_policy.hpp"

namespace hearthmail::smtp {

// The "with" word: SMTP, ESMTP, ESMTPS, ESMTPSA, LMTP ... (RFC 3848), UTF8SMTPSA ... (RFC 6531 §4.3).
std::string protocol_word(Dialect dialect, const ClientInfo& client, bool smtputf8);

// A whole Received field with its last CRLF. It names the recipient only when there is a single one (RFC 5321 §7.2).
// For submission the client's name and address are left out: where our users sit is nobody's business, and the
// authenticated marker with our id is enough to find the session in the log.
std::string received_field(const ServerOptions& options, const ClientInfo& client, const Transaction& transaction,
                           base::UnixTime now);

// "Return-Path: <anna@example.org>" with CRLF, added by final delivery (RFC 5321 §4.4).
std::string return_path_field(const Path& reverse_path);

}  // namespace hearthmail::smtp
