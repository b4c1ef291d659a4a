// The first address of a list in a stored ENVELOPE: what SORT compares by. RFC 9051 §7.5.2, RFC 5256 §3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::receiver::imap::search {

enum class EnvelopeList : std::uint8_t { From = 2, To = 5, Cc = 6 };  // position in the envelope

struct EnvelopeAddress {
  std::string name;     // as sent: encoded words are not decoded
  std::string mailbox;  // addr-mailbox; of a group its name
  std::string host;     // addr-host; empty for a group
};

// Empty when the list is NIL. `envelope` as mime::Summary has it. Corrupt when it is none.
base::Result<EnvelopeAddress> first_address(std::string_view envelope, EnvelopeList list);

}  // namespace hearthmail::receiver::imap::search
