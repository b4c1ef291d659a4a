// What a daemon sets for its whole process before it starts threads.
#pragma once

#include <cstddef>

namespace hearthmail::process {

// A peer that leaves must not kill the program: writes fail with EPIPE instead.
void ignore_sigpipe();

// Raises the soft limit of open descriptors to the hard one (at most kMostDescriptors). The limit that holds now.
constexpr std::size_t kMostDescriptors = 1 << 20;
std::size_t raise_descriptor_limit();

}  // namespace hearthmail::process
