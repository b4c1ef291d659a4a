// What a delivery from our relay to our receiver is called: the queue gives the name, LMTP carries it, the mail store keeps it.
#pragma once

#include <cstddef>

namespace hearthmail::base {

// Random octets of a name: two deliveries never share one, also not over databases that were restored or made anew.
constexpr std::size_t kDeliveryIdOctets = 16;

}  // namespace hearthmail::base
