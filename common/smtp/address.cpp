#include "common/smtp/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "common/base/text.hpp"

namespace hearthmail::smtp {
namespace {

using base::Errc;
using base::Error;

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// atext, RFC 5322 §3.2.3, with UTF-8 (RFC 6531 §3.3).
bool is_atext(char c) {
  constexpr std::string_view kOther = "!#$%&'*+-/=?^_`{|}~";
  return base::is_alnum(c) || is_high(c) || kOther.find(c) != std::string_view::npos;
}

// Dot-string = Atom *("." Atom)
bool is_dot_string(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  char before = 'a';
  for (const char c : text) {
    if (c == '.' ? before == '.' : !is_atext(c)) return false;
    before = c;
  }
  return true;
}

// qtextSMTP and what may follow a backslash: printable ASCII and space, RFC 5321 §4.1.2.
bool is_quotable(char c) { return is_high(c) || (c >= ' ' && c <= '~'); }

// Unquotes a Quoted-string at the start of `text` and cuts it off.
base::Result<std::string> take_quoted(std::string_view& text) {
  std::string out;
  std::size_t at = 1;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && ++at == text.size()) break;
    if (!is_quotable(text[at])) return Error{Errc::Invalid, "control character in the quoted local part"};
    out += text[at];
  }
  if (at >= text.size()) return Error{Errc::Invalid, "quoted local part does not end"};
  text.remove_prefix(at + 1);
  return out;
}

bool is_label(std::string_view label) {
  // RFC 5321 §4.1.2 wants letters, digits and hyphens; underscores are in real use and harm nobody.
  const auto fine = [](char c) { return base::is_alnum(c) || c == '-' || c == '_' || is_high(c); };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), fine);
}

// address-literal, RFC 5321 §4.1.3. Only the two registered kinds.
bool is_literal(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  const std::string inner(text.substr(1, text.size() - 2));
  std::array<unsigned char, 16> octets{};
  if (base::istarts_with(inner, "IPv6:")) return inet_pton(AF_INET6, inner.c_str() + 5, octets.data()) == 1;
  return inet_pton(AF_INET, inner.c_str(), octets.data()) == 1;
}

base::Status check_domain(std::string_view domain) {
  if (domain.empty()) return Error{Errc::Invalid, "domain is missing"};
  if (domain.size() > kMaxDomain) return Error{Errc::Invalid, "domain is longer than 255 octets"};
  if (domain.front() == '[') {
    if (!is_literal(domain)) return Error{Errc::Invalid, "bad address literal"};
    return base::ok();
  }
  for (const auto label : base::split(domain, '.')) {
    if (!is_label(label)) return Error{Errc::Invalid, "bad domain"};
  }
  return base::ok();
}

std::string quote(std::string_view local) {
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string Address::str() const {
  std::string out = is_dot_string(local) ? local : quote(local);
  if (!domain.empty()) out += '@' + domain;  // <Postmaster> alone has no domain, RFC 5321 §4.1.1.3
  return out;
}

base::Result<Address> parse_address(std::string_view text) {
  if (!base::is_utf8(text)) return Error{Errc::Invalid, "address is not UTF-8"};
  Address out;
  out.utf8 = !base::is_ascii(text);
  if (!text.empty() && text.front() == '"') {
    TRY_ASSIGN(out.local, take_quoted(text));
    if (text.empty() || text.front() != '@') return Error{Errc::Invalid, "domain is missing"};
  } else {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos) return Error{Errc::Invalid, "domain is missing"};
    out.local = text.substr(0, at);
    if (!is_dot_string(out.local)) return Error{Errc::Invalid, "bad local part"};
    text.remove_prefix(at);
  }
  if (out.local.size() > kMaxLocalPart) return Error{Errc::Invalid, "local part is longer than 64 octets"};
  out.domain = text.substr(1);
  TRY(check_domain(out.domain));
  return out;
}

}  // namespace hearthmail::smtp
