#include "store/accounts/address.hpp"

#include <idn2.h>

#include <algorithm>
#include <utility>

#include "common/base/text.hpp"
#include "store/accounts/accounts.hpp"

namespace hearthmail::store::accounts {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

Error invalid(std::string_view what, std::string_view why) {
  return {Errc::Invalid, "\"" + base::printable(what, 100) + "\": " + std::string(why)};
}

bool is_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet < 0x20 || octet == 0x7F;
}

// atext, RFC 5322 §3.2.3, with the UTF-8 of RFC 6531 §3.3.
bool is_atext(char c) {
  return base::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// Dot-string, RFC 5321 §4.1.2.
bool is_dot_string(std::string_view local) {
  const auto atoms = base::split(local, '.');
  return std::all_of(atoms.begin(), atoms.end(), [](std::string_view atom) {
    return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_atext);
  });
}

// Quoted-string, RFC 5321 §4.1.2, to what it stands for. Invalid when a quote is missing or not escaped.
Result<std::string> unquote(std::string_view quoted) {
  std::string out;
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] == '"') return invalid(quoted, "a quote in the local part is not escaped");
    if (inner[i] == '\\' && ++i == inner.size()) return invalid(quoted, "the local part ends in a backslash");
    out += inner[i];
  }
  return out;
}

Result<std::string> parse_local_part(std::string_view text) {
  std::string local(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    TRY_ASSIGN(local, unquote(text));
  } else if (!is_dot_string(text)) {
    return invalid(text, "not a local part: letters, digits, dots between them and !#$%&'*+-/=?^_`{|}~");
  }
  if (local.empty() || local.size() > kMaxLocalPart) return invalid(text, "the local part must have 1 to 64 octets");
  if (std::any_of(local.begin(), local.end(), is_control)) return invalid(text, "a control character");
  return local;
}

// Labels of letters, digits and inner hyphens, RFC 1123 §2.1, in the lengths of RFC 1035 §2.3.4.
Status check_labels(std::string_view domain) {
  if (domain.size() > kMaxDomain) return invalid(domain, "a domain has at most 253 octets");
  for (const std::string_view label : base::split(domain, '.')) {
    if (label.empty() || label.size() > kMaxLabel) return invalid(domain, "a domain's label must have 1 to 63 octets");
    if (label.front() == '-' || label.back() == '-') return invalid(domain, "a label begins or ends with a hyphen");
    const bool ldh = std::all_of(label.begin(), label.end(), [](char c) { return base::is_alnum(c) || c == '-'; });
    if (!ldh) return invalid(domain, "a label has something else than letters, digits and hyphens");
  }
  return base::ok();
}

}  // namespace

Result<std::string> normalize_domain(std::string_view domain) {
  if (domain.empty()) return invalid(domain, "the domain is empty");
  if (domain.size() > 4 * kMaxDomain || !base::is_utf8(domain)) return invalid(domain, "not a domain");
  if (std::any_of(domain.begin(), domain.end(), is_control)) return invalid(domain, "a control character");
  std::string ascii = base::lower(domain);
  const bool has_a_label = ascii.starts_with("xn--") || ascii.find(".xn--") != std::string::npos;
  if (!base::is_ascii(domain) || has_a_label) {
    const std::string input(domain);
    std::uint8_t* output = nullptr;
    // Also checks that an A-label is the right form of its U-label, RFC 5891 §5.4.
    const int code = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(input.c_str()), &output,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK) return invalid(domain, idn2_strerror(code));
    ascii = base::lower(reinterpret_cast<const char*>(output));
    idn2_free(output);
  }
  TRY(check_labels(ascii));
  return ascii;
}

std::string LocalAddress::str() const {
  std::string out;
  if (is_dot_string(local)) {
    out = local;
  } else {
    out = '"';
    for (const char c : local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + '@' + domain;
}

std::string LocalAddress::key() const { return base::lower(str()); }

LocalAddress LocalAddress::untagged() const {
  const auto plus = local.find('+');
  if (plus == std::string::npos || plus == 0) return *this;
  return {local.substr(0, plus), domain};
}

Result<LocalAddress> parse_local_address(std::string_view text) {
  if (!base::is_utf8(text)) return invalid(text, "not UTF-8");
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return invalid(text, "an address needs \"@\" and a domain");
  if (text.substr(at + 1).starts_with('[')) return invalid(text, "an address literal names no domain");
  LocalAddress address;
  TRY_ASSIGN(address.local, parse_local_part(text.substr(0, at)));
  TRY_ASSIGN(address.domain, normalize_domain(text.substr(at + 1)));
  return address;
}

Result<std::string> normalize(std::string_view address) {
  TRY_ASSIGN(const auto parsed, parse_local_address(address));
  return parsed.str();
}

}  // namespace hearthmail::store::accounts
