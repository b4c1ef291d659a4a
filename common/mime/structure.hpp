// BODY and BODYSTRUCTURE, RFC 9051 §7.5.2, and the part numbers of RFC 9051 §6.4.5.1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"

namespace hearthmail::mime {

// Octets of parameters, header values and nested envelopes in one structure; what comes after is NIL. Keeps the summary
// of a hostile message small.
constexpr std::size_t kMaxStructureExtras = 1024 * 1024;

// A multipart without parts is shown with one empty text/plain part, because the grammar wants at least one. A message
// part whose inside cannot be indexed (an encoded or too deep one) has an empty envelope and an empty body.
std::string body_structure(std::string_view message, const Index& index, bool extensions);

// The addressable parts: "" first, then in order of the message.
std::vector<SummaryPart> list_parts(const Index& index);

}  // namespace hearthmail::mime
