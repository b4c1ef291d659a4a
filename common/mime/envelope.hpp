// ENVELOPE, RFC 9051 §7.5.2, of a message's header.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mime/index.hpp"

namespace hearthmail::mime {

constexpr std::string_view kEmptyEnvelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";

// The raw value of the first field called `name`, or nothing.
std::optional<std::string_view> field_value(std::string_view message, const std::vector<Field>& fields,
                                            std::string_view name);

// Header values are sent as they stand, only unfolded. Sender and Reply-To default to From. Address fields that occur
// more than once are joined.
std::string envelope(std::string_view message, const std::vector<Field>& fields);

}  // namespace hearthmail::mime
