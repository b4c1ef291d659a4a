// ASCII text, eight octets at a time.
#pragma once

#include <cstddef>

namespace hearthmail::base {

// "A" to "Z" become small; other octets stay.
void lower_in_place(char* text, std::size_t octets);
// "a" to "z" become capital; other octets stay.
void upper_in_place(char* text, std::size_t octets);

}  // namespace hearthmail::base
