// Words that nearly every summary has, by number: names of header fields, types, encodings, charsets. Numbers are stored, so
// words are only ever added at the end. FORMAT.md, "Summary record", lists them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hearthmail::mime {

constexpr std::size_t kMostKnownWords = 127;  // their numbers and one bit more fit into an octet

// 1 and more; 0: not known.
std::uint8_t number_of_word(std::string_view word);
// The word with that number; empty for one that is not known, and for 1.
std::string_view known_word(std::uint8_t number);
bool is_known_word(std::uint8_t number);

}  // namespace hearthmail::mime
