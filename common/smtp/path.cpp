#include "common/smtp/path.hpp"

#include "common/base/text.hpp"

namespace hearthmail::smtp {
namespace {

using base::Errc;
using base::Error;

// The position of the ">" that ends the path: not one inside a quoted local part.
std::size_t find_end(std::string_view text) {
  bool quoted = false;
  for (std::size_t at = 1; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == '>' && !quoted) {
      return at;
    }
  }
  return std::string_view::npos;
}

// A-d-l ":" in front of the mailbox. Its hosts are not used, so they are only cut off (RFC 5321 §4.1.1.3, appendix C).
base::Status skip_source_route(std::string_view& text) {
  if (text.empty() || text.front() != '@') return base::ok();
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return Error{Errc::Invalid, "source route does not end"};
  text.remove_prefix(colon + 1);
  return base::ok();
}

}  // namespace

base::Result<Path> take_path(std::string_view& rest) {
  if (rest.empty() || rest.front() != '<') return Error{Errc::Invalid, "path is not in angle brackets"};
  const auto end = find_end(rest);
  if (end == std::string_view::npos) return Error{Errc::Invalid, "path does not end"};
  if (end + 1 > kMaxPath) return Error{Errc::OverLimit, "path is longer than 256 octets"};
  std::string_view inner = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  Path path;
  if (inner.empty()) {
    path.null = true;
    return path;
  }
  TRY(skip_source_route(inner));
  if (base::iequals(inner, "postmaster")) {
    path.address.local = inner;
    return path;
  }
  TRY_ASSIGN(path.address, parse_address(inner));
  return path;
}

}  // namespace hearthmail::smtp
