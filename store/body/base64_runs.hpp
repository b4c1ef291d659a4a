// Runs of base64 lines inside a chunk, as attachments have them (RFC 2045 §6.8), taken out and put back octet by octet.
// What they encode takes three quarters of the room, is copied where it does not compress, and the text around it is
// decompressed without it. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::store::body {

// Lines of groups of four characters of the alphabet "A" to "Z", "a" to "z", "0" to "9", "+", "/", with CRLF between them.
struct Base64Run {
  std::uint64_t before = 0;      // octets of other text since the last run
  std::uint64_t first_line = 0;  // groups of the first line; it may be the rest of one
  std::uint64_t line = 0;        // groups of every further line but the last, which has at most as many
  std::uint64_t groups = 0;      // in all
  std::uint64_t octets() const;  // of the run, with its CRLFs; between the lines, none at its end
};

// `plain` = text and runs in turn; `content` is what the runs encode, three octets a group.
struct Base64Split {
  std::vector<Base64Run> runs;
  std::string text, content;
};

// Nothing when the runs encode less than an eighth of `plain`: then it is better left whole.
std::optional<Base64Split> split_base64(std::string_view plain);
// Is what `runs` say possible in `octets` octets of plain? Only then may join_base64() be asked. Sets the octets of text and
// of content that belong to them.
bool fits(const std::vector<Base64Run>& runs, std::size_t octets, std::size_t& text, std::size_t& content);
// The first octets of the plain, at least `need` of them where there are so many; `out` has room for all. Returns how many.
std::size_t join_base64(const std::vector<Base64Run>& runs, std::string_view text, std::string_view content, char* out,
                        std::size_t need);

}  // namespace hearthmail::store::body
