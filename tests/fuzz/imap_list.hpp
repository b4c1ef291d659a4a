// A strict reader of parenthesized IMAP lists (RFC 9051 §4), for checking what we would send. Iterative.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearthmail::fuzz {

// The number of elements at the top level of `text`, which must be exactly one list of atoms, quoted strings, literals
// and lists (neighbouring lists may lack the space, as in address lists and bodies); 0 when it is not.
std::size_t list_elements(std::string_view text);

}  // namespace hearthmail::fuzz
