// Strong identifiers: numbers that cannot be mixed up. All of them are assigned by the store and never reused.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace hearthmail::base {

template <class Tag, class Rep>
struct Id {
  Rep value{};
  constexpr auto operator<=>(const Id&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
};

using AccountId = Id<struct AccountTag, std::uint64_t>;
using MailboxId = Id<struct MailboxTag, std::uint64_t>;
using EmailId = Id<struct EmailTag, std::uint64_t>;  // one stored message, the same after MOVE (RFC 8474 EMAILID)
using QueueId = Id<struct QueueTag, std::uint64_t>;  // one submission in the outgoing queue
using Uid = Id<struct UidTag, std::uint32_t>;        // RFC 9051 §2.3.1.1; 0 is never valid
using ModSeq = Id<struct ModSeqTag, std::uint64_t>;  // RFC 7162; fits in 63 bits

// SHA-256 of the exact octets of a stored message.
struct BlobId {
  std::array<std::uint8_t, 32> octets{};
  auto operator<=>(const BlobId&) const = default;
  std::string hex() const;
};

}  // namespace hearthmail::base
