// XXH3-64, what chunks and records are sealed with, by the widest registers that the processor has.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearthmail::store::body {

std::uint64_t xxh3(std::string_view octets, std::uint64_t seed = 0);

}  // namespace hearthmail::store::body
