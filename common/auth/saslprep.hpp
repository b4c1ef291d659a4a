// SASLprep, the profile of stringprep by which names and passwords are compared: RFC 4013.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::auth {

// `text` with its characters mapped and normalised; nullopt when it holds what is prohibited (controls, surrogates, private
// use, directions mixed) or is not UTF-8. Code points that Unicode 3.2 does not know, emoji among them, pass unchanged as in a
// query (RFC 3454 §7): refused, they would lock out everybody whose client picks SCRAM.
std::optional<std::string> saslprep(std::string_view text);

}  // namespace hearthmail::auth
