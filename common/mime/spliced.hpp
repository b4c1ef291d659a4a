// Texts of a summary that say the same over and over: kept as pieces of what stands before them. FORMAT.md, "Summary record",
// has the layout. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::mime {

// Octets of a spliced text that are believed: a slice may copy slices, so a few octets could claim any length. An envelope
// whose header has kMaxHeaderParsed octets of the shortest addresses in From is shorter.
constexpr std::size_t kMostSpliced = 32 * 1024 * 1024;

// `text` as pieces of its own and of `source`, or of what stands before them in itself.
std::string splice(std::string_view text, std::string_view source);
// The text again; nothing when the pieces make no sense. Replaces what is in `out`.
bool unsplice(std::string_view spliced, std::string_view source, std::string& out);

}  // namespace hearthmail::mime
