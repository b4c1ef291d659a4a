// Base64 (RFC 4648 §4) of whole groups, as many octets at a time as the processor can.
#pragma once

#include <cstddef>

namespace hearthmail::store::body {

// Encodes `groups` groups of three octets at `in` into four characters each at `out`; returns the end of what it wrote.
// `readable`: octets that may be looked at from `in` on, at least three for each group.
char* encode_groups(const char* in, std::size_t groups, std::size_t readable, char* out);
// The same one group after the other: what the other is on processors without wide registers.
char* encode_groups_one_by_one(const char* in, std::size_t groups, char* out);

}  // namespace hearthmail::store::body
