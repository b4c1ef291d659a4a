#include "receiver/imap/text/output.hpp"

#include <algorithm>

#include "common/base/text.hpp"
#include "receiver/imap/text/mutf7.hpp"

namespace hearthmail::receiver::imap::text {

namespace {

bool is_atom_char(char c) {
  return c > ' ' && c < '\x7f' && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}

// QUOTED-CHAR: no NUL, CR, LF; 8-bit octets only as UTF-8 that the client asked for (RFC 9051 §4.3).
bool can_be_quoted(std::string_view text, bool utf8) {
  if (text.size() > kMaxQuoted) return false;
  const auto breaks = [](char c) { return c == '\0' || c == '\r' || c == '\n'; };
  if (std::any_of(text.begin(), text.end(), breaks)) return false;
  return utf8 ? base::is_utf8(text) : base::is_ascii(text);
}

bool can_be_atom(std::string_view text) {
  return !text.empty() && text.size() <= kMaxQuoted && std::all_of(text.begin(), text.end(), is_atom_char) &&
         !base::iequals(text, "NIL");
}

}  // namespace

void append_literal_head(std::string& out, std::size_t octets) { out += '{' + std::to_string(octets) + "}\r\n"; }

void append_literal(std::string& out, std::string_view text) {
  append_literal_head(out, text.size());
  out += text;
}

void append_string(std::string& out, std::string_view text, bool utf8) {
  if (!can_be_quoted(text, utf8)) {
    append_literal(out, text);
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_astring(std::string& out, std::string_view text, bool utf8) {
  if (can_be_atom(text)) {
    out += text;
  } else {
    append_string(out, text, utf8);
  }
}

void append_nstring(std::string& out, const std::optional<std::string>& text, bool utf8) {
  if (text.has_value()) {
    append_string(out, *text, utf8);
  } else {
    out += "NIL";
  }
}

void append_mailbox(std::string& out, std::string_view name, bool utf8) {
  if (utf8) {
    append_astring(out, name, true);
  } else {
    append_astring(out, encode_mutf7(name), false);
  }
}

std::string response_text(std::string_view text) {
  std::string out(text);
  const auto foreign = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e;
  };
  std::replace_if(out.begin(), out.end(), foreign, '?');
  return out;
}

}  // namespace hearthmail::receiver::imap::text
