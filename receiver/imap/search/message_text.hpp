// Looks for a text in the octets of a message: HEADER, TEXT and BODY of SEARCH. `folded` is case-folded UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/mime/summary.hpp"
#include "receiver/imap/search/search.hpp"

namespace hearthmail::receiver::imap::search {

// True when the case-folded `text` holds `folded`; an empty one is in every text.
bool contains_folded(std::string_view text, const std::string& folded);
// In a field `name` of the message's header. With an empty text: whether there is such a field (RFC 9051 §6.4.4).
base::Result<bool> header_contains(SearchSubject& subject, const mime::Summary& summary, std::string_view name,
                                   const std::string& folded);
// In any field, written as "Name: value".
base::Result<bool> any_header_contains(SearchSubject& subject, const mime::Summary& summary, const std::string& folded);
// In a text part, or in the header of a part or of a message inside.
base::Result<bool> body_contains(SearchSubject& subject, const mime::Summary& summary, const std::string& folded);

}  // namespace hearthmail::receiver::imap::search
