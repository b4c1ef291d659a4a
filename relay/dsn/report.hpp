// Delivery status notifications, RFC 3461 and RFC 3464: which ends are reported to the sender, and in which words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::relay::dsn {

enum class Kind {
  Failed,   // Action: failed
  Delayed,  // Action: delayed; the mail is still tried
  Success,  // Action: delivered (our own mailboxes) or relayed (the next hop does not report, RFC 3461 §5.2.2)
};

// A failure returns the whole message when the sender asked for it (RET=FULL, RFC 3461 §4.3), up to this size; beyond it,
// or when RET was not given, its header.
constexpr std::uint64_t kMostReturned = 1024 * 1024;  // octets
constexpr std::size_t kMostHeader = 64 * 1024;        // octets of the header that a report returns

// Name of the route of local deliveries in the queue's records.
constexpr std::string_view kLocalRoute = "local";

// Should the sender hear that `recipient` is late? RFC 3461 §4.1: not with NEVER; with a NOTIFY list only if it says DELAY;
// never to the null reverse-path (RFC 5321 §4.5.5).
bool wants_delay_notice(const store::queue::Envelope& envelope, const store::queue::Recipient& recipient);
// Must the whole message be returned with a report of this kind?
bool returns_whole(const store::queue::Envelope& envelope, Kind kind);

struct Request {
  Kind kind = Kind::Failed;
  const store::queue::Entry* entry = nullptr;
  std::vector<std::size_t> recipients;  // indexes into entry->recipients, at least one
  std::string hostname;                 // Reporting-MTA and the report's own Message-ID
  base::UnixTime now = 0;
  base::UnixTime gives_up = 0;  // Delayed: until when the mail is tried
  std::string original;         // the header, or the whole message when returns_whole()
};

// The report as a message, ready for the queue.
std::string compose(const Request& request);
// Does the report itself need SMTPUTF8 (an address in it is not ASCII)?
bool needs_utf8(const Request& request);

}  // namespace hearthmail::relay::dsn
