// Limits of an SMTP, LMTP or submission session. Each one is enforced in one place, named at its constant.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hearthmail::smtp {

// Octets of a command line with its CRLF. RFC 5321 §4.5.3.1.4 asks for 512 plus what extensions add; Postfix takes 2,048.
constexpr std::size_t kMaxCommandLine = 2048;
constexpr std::size_t kMaxAuthLine = 12'288;  // octets of a SASL response line, RFC 4954 §4
constexpr std::size_t kMaxReplyText =
    400;  // octets of one reply's text; with codes and CRLF under 512, RFC 5321 §4.5.3.1.5
// Announced as RCPTMAX, RFC 9422 §4.
constexpr std::size_t kMaxRecipients = 1000;    // per transaction, RFC 5321 §4.5.3.1.8 asks for at least 100
constexpr std::size_t kMaxHops = 50;            // Received fields; RFC 5321 §6.3 speaks of loops, Postfix takes 50
constexpr std::size_t kMaxErrors = 20;          // refused commands since the last delivered message
constexpr std::size_t kMaxJunk = 100;           // NOOP, RSET, VRFY, HELP, EHLO ... since the last delivered message
constexpr std::size_t kMaxAuthFailures = 3;     // failed AUTH commands per session, then 421
constexpr std::size_t kReadBlock = 64 * 1024;   // octets asked from the stream at once while a message comes in
constexpr std::size_t kReplyBatch = 32 * 1024;  // octets of collected replies that are sent without waiting for more
// Octets of one encoded MAIL parameter value for ENVID, RFC 3461 §4.4; ORCPT, RFC 3461 §4.2.
constexpr std::size_t kMaxEnvid = 100;
constexpr std::size_t kMaxOrcpt = 500;

// How long a client may take for one whole command line, however it drips it. RFC 5321 §4.5.3.2.7: at least 5 minutes.
constexpr std::chrono::minutes kCommandTimeout{5};
// How long the next octets of a message may take. RFC 5321 §4.5.3.2.5 gives the client 3 minutes per block.
constexpr std::chrono::minutes kDataBlockTimeout{5};
// How long one whole message may take: 50 MiB at 14 kB/s.
constexpr std::chrono::minutes kMessageTimeout{60};

}  // namespace hearthmail::smtp
