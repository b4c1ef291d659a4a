#include "common/mime/transcode.hpp"

#include <algorithm>
#include <vector>

#include "common/base/text.hpp"
#include "common/mime/index.hpp"

namespace hearthmail::mime {
namespace {

constexpr std::size_t kBase64Line = 57;  // octets that make a line of 76 characters, RFC 2045 §6.8

struct Replacement {
  Range range;
  std::string text;
};

std::string base64_lines(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() * 4 / 3 + octets.size() / 20 + 4);
  for (std::size_t at = 0; at < octets.size(); at += kBase64Line) {
    out += base::base64(octets.substr(at, kBase64Line));
    if (at + kBase64Line < octets.size()) out += "\r\n";
  }
  return out;
}

bool has_nul(std::string_view octets) { return octets.find('\0') != std::string_view::npos; }

// The field whose value names the encoding, or null.
const Field* encoding_field(const Part& part) {
  const auto named = [](const Field& field) { return base::iequals(field.name, "Content-Transfer-Encoding"); };
  const auto found = std::find_if(part.fields.begin(), part.fields.end(), named);
  return found == part.fields.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::string> without_nul(std::string_view message) {
  const Index index = index_message(message);
  std::vector<Replacement> changes;
  for (const Part& part : index.parts) {
    if (!part.children.empty() || part.encoding != "binary") continue;
    const std::string_view body = message.substr(part.body.offset, part.body.octets);
    const Field* field = encoding_field(part);
    if (field == nullptr || !has_nul(body)) continue;
    changes.push_back({field->value, " base64\r\n"});
    changes.push_back({part.body, base64_lines(body)});
  }
  std::sort(changes.begin(), changes.end(),
            [](const Replacement& a, const Replacement& b) { return a.range.offset < b.range.offset; });
  std::string out;
  std::size_t at = 0;
  for (const Replacement& change : changes) {
    if (change.range.offset < at) return std::nullopt;
    out += message.substr(at, change.range.offset - at);
    out += change.text;
    at = change.range.offset + change.range.octets;
  }
  out += message.substr(at);
  if (has_nul(out)) return std::nullopt;
  return out;
}

}  // namespace hearthmail::mime
