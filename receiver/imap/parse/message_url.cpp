#include "receiver/imap/parse/message_url.hpp"

#include <limits>
#include <utility>

#include "common/base/text.hpp"
#include "receiver/imap/text/net_unicode.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Errc;
using base::Error;
using base::Result;

namespace {

Error invalid() { return {Errc::Invalid, "not the address of a message here"}; }

int hex_digit(char c) {
  if (base::is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// pct-encoded, RFC 5092 §11. UTF-8 without NUL must come out.
Result<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return invalid();
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return invalid();
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!base::is_utf8(out) || out.find('\0') != std::string::npos) return invalid();
  return out;
}

// The place of `name` (";UID="), ASCII case-insensitively.
std::size_t find_name(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(';'); at != std::string_view::npos; at = text.find(';', at + 1)) {
    if (base::istarts_with(text.substr(at), name)) return at;
  }
  return std::string_view::npos;
}

// Cuts `name` and what follows it off `text` and returns what followed; the "/" before the name goes too.
std::optional<std::string_view> split_off(std::string_view& text, std::string_view name) {
  const std::size_t at = find_name(text, name);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(at + name.size());
  text = text.substr(0, at);
  if (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return value;
}

Result<std::uint32_t> nz_number(std::string_view digits) {
  const auto value = base::parse_u64(digits);
  if (!value || *value == 0 || *value > std::numeric_limits<std::uint32_t>::max()) return invalid();
  return static_cast<std::uint32_t>(*value);
}

// partial-range = number ["." nz-number], RFC 5092 §11; without a count to the end.
Result<Partial> partial_range(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto first = base::parse_u64(text.substr(0, dot));
  if (!first) return invalid();
  if (dot == std::string_view::npos) return Partial{*first, std::numeric_limits<std::uint64_t>::max()};
  const auto count = base::parse_u64(text.substr(dot + 1));
  if (!count || *count == 0) return invalid();
  return Partial{*first, *count};
}

}  // namespace

Result<MessageUrl> parse_message_url(std::string_view text) {
  MessageUrl url;
  if (text.empty() || text.front() != '/') return invalid();
  text.remove_prefix(1);
  const auto partial = split_off(text, ";PARTIAL=");
  const auto section = split_off(text, ";SECTION=");
  const auto uid = split_off(text, ";UID=");
  const auto validity = split_off(text, ";UIDVALIDITY=");
  if (!uid) return invalid();
  TRY_ASSIGN(url.uid, nz_number(*uid));
  if (validity) {
    TRY_ASSIGN(url.uid_validity, nz_number(*validity));
  }
  if (section) {
    TRY_ASSIGN(const std::string spec, decode(*section));
    TRY_ASSIGN(url.section, parse_section_spec(spec));
  }
  if (partial) {
    TRY_ASSIGN(url.partial, partial_range(*partial));
  }
  TRY_ASSIGN(const std::string name, decode(text));
  if (name.empty()) return invalid();
  url.mailbox = text::net_unicode(name);
  return url;
}

}  // namespace hearthmail::receiver::imap::parse
