// Content-Type and Content-Disposition: RFC 2045 §5.1, RFC 2183 and the parameters of RFC 2231.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/mime/index.hpp"

namespace hearthmail::mime {

// What one message may still cost: shared by all its fields.
struct ParameterBudget {
  std::size_t parameters = kMaxAllParameters;
  std::size_t conversions = kMaxConversions;
  bool clipped = false;
};

struct ContentType {
  std::string type;     // lower case
  std::string subtype;  // lower case
  std::vector<Parameter> parameters;
};

// A malformed value gives text/plain without parameters (RFC 2045 §5.2).
ContentType parse_content_type(std::string_view value, ParameterBudget& budget);

struct Disposition {
  std::string kind;  // lower case; empty when malformed
  std::vector<Parameter> parameters;
};
Disposition parse_disposition(std::string_view value, ParameterBudget& budget);

// Content-Transfer-Encoding in lower case; "7bit" when there is no token. RFC 2045 §6.1
std::string parse_encoding(std::string_view value);

// The value of the parameter `name` (lower case), or nullptr.
const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

}  // namespace hearthmail::mime
