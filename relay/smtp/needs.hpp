// Needs: what a message asks of the way it travels, found in its octets and not in what was claimed about them. Pure.
#pragma once

#include <string_view>

#include "relay/carrier.hpp"

namespace hearthmail::relay {

struct Needs {
  bool eight_bit = false;    // an octet over 127 somewhere: 8BITMIME, RFC 6152
  bool utf8_header = false;  // an octet over 127 in the message's header: SMTPUTF8 when it was declared, RFC 6531
};

// Reads the message once, piece by piece. Errors: those of the body.
base::Result<Needs> scan_needs(smtp::BodySource& body);

// What `peer` lacks for this parcel: TooBig (RFC 1870 §6), or NotCarried with 5.6.7 (RFC 6531 §3.2) or 5.6.3 (RFC 6152 §3).
// A message is never converted to fit: that would break its signatures. Another route may take it. nullopt: nothing is
// lacking. `most_octets`: the operator's limit for this route, 0 for none.
std::optional<Outcome> lacking(const smtp::Capabilities& peer, const Parcel& parcel, const Needs& needs,
                               std::uint64_t most_octets);
// Does the envelope or the header need SMTPUTF8?
bool needs_smtputf8(const Parcel& parcel, const Needs& needs);

}  // namespace hearthmail::relay
