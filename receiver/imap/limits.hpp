// Limits and times of an IMAP session, in one place. Sizes of lines and literals are the framer's (framer.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hearthmail::receiver::imap {

// How long a client may take to send the next command once it is logged in. RFC 9051 §5.4: at least 30 minutes.
constexpr std::chrono::minutes kAutologout{30};
// How long a client may take to log in, from the greeting on (Dovecot: 3 minutes). RFC 9051 §5.4 speaks of sessions that
// are logged in; before that closing costs the client nothing.
constexpr std::chrono::minutes kLoginTimeout{3};
// How long a peer may take to accept a piece of output (at most kStepOctets and a line or two).
constexpr std::chrono::minutes kWriteTimeout{5};

// How often a command that takes long says how far it is. RFC 9585 §3 leaves it open; its example says 10 to 15 seconds.
constexpr std::chrono::seconds kProgressInterval{10};

constexpr std::size_t kBadCommandsBeforeLogin = 3;  // then BYE, limits.md (Dovecot: 3)
constexpr std::size_t kBadCommandsAfterLogin = 20;  // then BYE, limits.md (Dovecot: 20)

constexpr std::size_t kStepOctets = 64 * 1024;        // output of one step, i.e. of one read transaction
constexpr std::size_t kStepMessages = 2'000;          // messages visited in one step when they give no output
constexpr std::size_t kReadIdleOctets = 512;          // one read of the stream while no more than commands come
constexpr std::size_t kReadOctets = 16 * 1024;        // and when they fill it: messages
constexpr std::size_t kFlushOctets = 64 * 1024;       // replies are batched up to here while more input is buffered
constexpr std::size_t kFilteredHeader = 1024 * 1024;  // octets of a header that HEADER.FIELDS looks at, limits.md
constexpr std::size_t kSeenBatch = 256;               // messages of a FETCH that get \Seen in one write
constexpr std::size_t kStoreBatch = 10'000;  // messages of a STORE in one write, some 10 ms of the writer's time
constexpr std::size_t kMaxAppends = 1'000;   // messages of one APPEND (RFC 3502); RFC 9738 §3: not fewer
constexpr std::uint64_t kMaxAppendOctets = 256ULL * 1024 * 1024;  // of all messages of one APPEND, if there are several
constexpr std::size_t kMaxCatenateParts = 1'000;  // parts of one message that CATENATE puts together (RFC 4469)
constexpr std::size_t kMaxWatched = 5'000;  // mailboxes of an account of which one NOTIFY can hear (RFC 5465 §5.8)
// Work on a loop after which its other sessions get their turn.
constexpr std::chrono::milliseconds kTurn{10};
constexpr std::size_t kPieceMessages = 16;  // of a body search that one thread looks through at a time
constexpr std::size_t kSearchHelpers = 3;   // threads that one client's body search may take beside its own
// How long one slice of a search on a worker may last, and with it its read transaction; limits.md: at most about a second.
constexpr std::chrono::milliseconds kWorkSlice{200};

}  // namespace hearthmail::receiver::imap
