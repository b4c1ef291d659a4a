// What an account may keep: the operator's limits, RFC 9208 §5.
#pragma once

#include <cstdint>
#include <optional>

namespace hearthmail::base {

struct Quota {
  std::optional<std::uint64_t> octets;    // of all its messages, as RFC822.SIZE counts them; none: no limit
  std::optional<std::uint64_t> messages;  // none: no limit
  bool limited() const { return octets.has_value() || messages.has_value(); }
  bool operator==(const Quota&) const = default;
};

}  // namespace hearthmail::base
