// Body sections: where BODY[...] lies in a message, by the summary that was made at delivery. RFC 9051 §6.4.5.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mime/summary.hpp"
#include "receiver/imap/parse/fetch.hpp"

namespace hearthmail::receiver::imap {

// The octets that the section means, before HEADER.FIELDS filters them. Nothing when the message has no such part.
std::optional<mime::Range> locate(const parse::Section& section, const mime::Summary& summary);
// The part that a section without text means, decoded by BINARY (RFC 3516 §4.2); null when the message has no such part.
const mime::SummaryPart* find_part(const parse::Section& section, const mime::Summary& summary);
// Does the section need more than the whole message's size to be found?
bool needs_summary(const parse::Section& section);
bool is_filtered(const parse::Section& section);
// Can the summary's listed fields (common/mime/listed.hpp) answer it?
bool is_listed(const parse::Section& section);
// HEADER.FIELDS (names) or, with `invert`, HEADER.FIELDS.NOT: the fields of `header` whose name is in `names`, ASCII
// case-insensitively, as they stand there, with the blank line that ends a header.
std::string filter_header(std::string_view header, const std::vector<std::string>& names, bool invert);
// The octets of a partial fetch within `octets` octets, RFC 9051 §6.4.5: cut at the end, empty beyond it.
mime::Range cut(mime::Range whole, const std::optional<parse::Partial>& partial);

}  // namespace hearthmail::receiver::imap
