// The preview of a message: the first words of its text, for a list view. RFC 8970
#pragma once

#include <string>
#include <string_view>

#include "common/mime/index.hpp"

namespace hearthmail::mime {

constexpr std::size_t kPreviewSource = 64 * 1024;   // octets of the text part that are looked at
constexpr std::size_t kPreviewDecoded = 16 * 1024;  // octets of it after transfer decoding

// From the first text/plain part that is neither an attachment nor inside an attached message, otherwise from the first
// such text/html part: decoded, white space folded, quoted lines and the signature left out. At most kPreviewOctets.
std::string preview(std::string_view message, const Index& index);

// The text of an HTML fragment: without tags, comments, script, style and head; common character references resolved.
std::string html_text(std::string_view html);

}  // namespace hearthmail::mime
