// Makes a message that holds NUL octets one that IMAP can send in a literal: RFC 3516 §4.4 lets a server change the transfer
// encoding of what it was given as binary.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::mime {

// `message` with every leaf part that is declared "binary" and holds NUL encoded as base64, its Content-Transfer-Encoding
// changed to say so. Nothing when NUL stands anywhere else. Everything else keeps its octets.
std::optional<std::string> without_nul(std::string_view message);

}  // namespace hearthmail::mime
