#include "receiver/imap/parse/cursor.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/text.hpp"
#include "receiver/imap/text/mutf7.hpp"
#include "receiver/imap/text/net_unicode.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t kShownOctets = 24;  // of the client's text in an error

bool is_text_char(char c) { return c != '\0' && c != '\r' && c != '\n'; }
bool is_list_char(char c) { return is_astring_char(c) || c == '%' || c == '*'; }
bool is_tag_char(char c) { return is_astring_char(c) && c != '+'; }

}  // namespace

bool is_atom_char(char c) {
  return c > ' ' && c < '\x7f' && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}
bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }

Error Cursor::error(std::string_view what) const {
  std::string text = "Expected " + std::string(what) + " at octet " + std::to_string(at_ + 1);
  if (at_end()) {
    text += ", at the end";
  } else if (!hidden_) {
    text += ", before \"" + base::printable(rest().substr(0, kShownOctets)) + "\"";
  }
  return Error{Errc::Invalid, std::move(text)};
}

bool Cursor::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool Cursor::take_prefix(std::string_view prefix) {
  if (!base::istarts_with(rest(), prefix)) return false;
  at_ += prefix.size();
  return true;
}

bool Cursor::take_word(std::string_view word) {
  const std::string_view left = rest();
  if (!base::istarts_with(left, word)) return false;
  if (left.size() > word.size() && is_atom_char(left[word.size()])) return false;
  at_ += word.size();
  return true;
}

Status Cursor::expect(char c, std::string_view what) {
  if (!take(c)) return error(what);
  return base::ok();
}

Status Cursor::space() {
  if (!take(' ')) return error("a space");
  while (take(' ')) {
  }
  return base::ok();
}

Status Cursor::end() {
  while (take(' ')) {
  }
  if (!at_end()) return error("the end of the command");
  return base::ok();
}

std::string_view Cursor::take_while(bool (*allowed)(char)) {
  const std::size_t begin = at_;
  while (at_ < text_.size() && allowed(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

// tag = 1*<any ASTRING-CHAR except "+">
Result<std::string> Cursor::tag() {
  const std::string_view found = take_while(is_tag_char);
  if (found.empty()) return error("a tag");
  return std::string(found);
}

Result<std::string> Cursor::atom() {
  const std::string_view found = take_while(is_atom_char);
  if (found.empty()) return error("an atom");
  return std::string(found);
}

Result<std::string> Cursor::astring() {
  if (peek() == '"' || peek() == '{') return string();
  const std::string_view found = take_while(is_astring_char);
  if (found.empty()) return error("an atom or a string");
  return std::string(found);
}

Result<std::string> Cursor::string() {
  if (peek() == '"') return quoted();
  if (peek() == '{') return literal();
  return error("a quoted string or a literal");
}

// quoted = DQUOTE *QUOTED-CHAR DQUOTE. Well-formed UTF-8 is taken in IMAP4rev1 too: clients send it in SEARCH.
Result<std::string> Cursor::quoted() {
  if (!take('"')) return error("a quoted string");
  std::string value;
  while (!at_end() && peek() != '"') {
    char c = text_[at_];
    if (c == '\\') {
      ++at_;
      c = peek();
      if (c != '"' && c != '\\') return error("\\\" or \\\\ in the quoted string");
    }
    if (!is_text_char(c)) return error("no NUL, CR or LF in the quoted string");
    value += c;
    ++at_;
  }
  if (!take('"')) return error("the closing quote of the string");
  if (!base::is_utf8(value)) return error("UTF-8 in the quoted string");
  return value;
}

// literal = "{" number64 ["+"] "}" CRLF *CHAR8; the framer has put the octets behind it.
Result<std::string> Cursor::literal() {
  if (!take('{')) return error("a literal");
  TRY_ASSIGN(const std::uint64_t octets, number64());
  take('+');
  if (!take_prefix("}\r\n")) return error("the end of the literal's size");
  if (octets > rest().size()) return error("the literal's octets");
  const std::string_view value = rest().substr(0, octets);
  if (value.find('\0') != std::string_view::npos) return error("no NUL in the literal");
  at_ += value.size();
  return std::string(value);
}

Result<std::string> Cursor::nstring_or_empty() {
  if (take_word("NIL")) return std::string();
  return string();
}

Result<std::uint64_t> Cursor::number64() {
  const std::size_t begin = at_;
  const std::string_view digits = take_while(base::is_digit);
  if (digits.empty()) return error("a number");
  const auto value = base::parse_u64(digits);
  if (value.has_value()) return *value;
  at_ = begin;
  return error("a number below 2^64");
}

Result<std::uint64_t> Cursor::mod_sequence() {
  const std::size_t begin = at_;
  TRY_ASSIGN(const std::uint64_t value, number64());
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return value;
  at_ = begin;
  return error("a mod-sequence below 2^63");
}

Result<std::uint32_t> Cursor::number() {
  const std::size_t begin = at_;
  TRY_ASSIGN(const std::uint64_t value, number64());
  if (value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(value);
  at_ = begin;
  return error("a number below 2^32");
}

Result<std::uint32_t> Cursor::nz_number() {
  const std::size_t begin = at_;
  TRY_ASSIGN(const std::uint32_t value, number());
  if (value != 0) return value;
  at_ = begin;
  return error("a number above 0");
}

// RFC 9051 §5.1: UTF-8 once the client enabled it; RFC 3501 §5.1.3: modified UTF-7 otherwise. INBOX is special in any
// spelling, as the first level of a longer name too. Names are kept in NFC, and found however they are composed.
Result<std::string> Cursor::decode_name(std::string raw) {
  if (!utf8_) {
    auto decoded = text::decode_mutf7(raw);
    if (!decoded.ok()) return decoded.error();
    raw = std::move(decoded).value();
  } else if (!base::is_utf8(raw)) {
    return error("UTF-8 in the mailbox name");
  }
  std::string composed = text::net_unicode(raw);
  supplied_ = composed == raw ? std::string() : raw;
  raw = std::move(composed);
  constexpr std::string_view kInbox = "INBOX";
  const bool whole_level = raw.size() == kInbox.size() || (raw.size() > kInbox.size() && raw[kInbox.size()] == '/');
  if (whole_level && base::istarts_with(raw, kInbox)) raw.replace(0, kInbox.size(), kInbox);
  return raw;
}

Result<std::string> Cursor::mailbox() {
  TRY_ASSIGN(std::string raw, astring());
  return decode_name(std::move(raw));
}

// list-mailbox = 1*list-char / string
Result<std::string> Cursor::list_mailbox() {
  if (peek() == '"' || peek() == '{') {
    TRY_ASSIGN(std::string raw, string());
    return decode_name(std::move(raw));
  }
  const std::string_view found = take_while(is_list_char);
  if (found.empty()) return error("a mailbox pattern");
  return decode_name(std::string(found));
}

Result<std::string> Cursor::flag_word() {
  const bool backslash = take('\\');
  TRY_ASSIGN(std::string word, atom());
  return backslash ? "\\" + word : std::move(word);
}

}  // namespace hearthmail::receiver::imap::parse
