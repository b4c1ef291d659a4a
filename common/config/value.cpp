#include "common/config/value.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "common/base/text.hpp"
#include "common/config/settings.hpp"
#include "common/crypto/digest.hpp"

namespace hearthmail::config {
namespace {

using base::Errc;
using base::Error;

Error invalid(std::string text) { return {Errc::Invalid, std::move(text)}; }

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.back() == '.') return false;
  for (const auto label : base::split(text, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return base::is_alnum(c) || c == '-'; })) return false;
  }
  return true;
}

base::Status check_endpoint(std::string_view word) {
  const auto colon = word.rfind(':');
  const bool v6 = !word.empty() && word.front() == '[';
  const auto port = colon == std::string_view::npos ? std::nullopt : base::parse_u32(word.substr(colon + 1));
  const bool good_host = colon != std::string_view::npos && colon > 0 &&
                         (v6 ? word[colon - 1] == ']' : word.substr(0, colon).find(':') == std::string_view::npos);
  if (!port || *port > 65535 || !good_host) {
    return invalid("'" + std::string(word) + "' is not host:port; write 127.0.0.1:143 or [::1]:143");
  }
  return base::ok();
}

base::Status check_words(Kind kind, const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (kind == Kind::Endpoints) TRY(check_endpoint(word));
    const bool name = std::all_of(word.begin(), word.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '_'; });
    if (kind == Kind::Names && !name) {
      return invalid("'" + word + "' is not a name; use lower-case letters, digits and _");
    }
  }
  return base::ok();
}

base::Status check_text(Kind kind, const std::vector<std::string>& choices, std::string_view text) {
  if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
    return invalid("must be one line of text");
  }
  if (kind == Kind::Hostname && !is_hostname(text)) {
    return invalid("'" + std::string(text) + "' is not a host name; write it like mail.example.org");
  }
  if (kind == Kind::Path && !text.empty() && text.front() != '/') {
    return invalid("'" + std::string(text) + "' is not an absolute path; begin it with /");
  }
  if (kind == Kind::Choice && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    std::string problem = "'" + std::string(text) + "' is none of: " + base::join(choices, ", ");
    if (const auto meant = base::nearest(text, choices)) problem += "; did you mean " + *meant + "?";
    return invalid(problem);
  }
  return base::ok();
}

std::string fingerprint(const base::Secret& secret) {
  if (secret.empty()) return "";
  const auto mark = base::hex(crypto::hmac_sha256("hearthmail fingerprint", secret.reveal())).substr(0, 6);
  return std::to_string(secret.size()) + " characters, fingerprint " + mark;
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

std::string_view describe(Kind kind) {
  switch (kind) {
    case Kind::Text: return "text";
    case Kind::Path: return "absolute path";
    case Kind::Hostname: return "host name";
    case Kind::Choice: return "one of";
    case Kind::Count: return "whole number";
    case Kind::Octets: return "octets (K, M, G)";
    case Kind::Duration: return "duration (s, m, h, d)";
    case Kind::Endpoints: return "list of host:port";
    case Kind::Names: return "list of names";
    case Kind::SecretText: return "secret";
  }
  return "text";
}

base::Result<std::chrono::seconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<char, std::uint64_t>, 4> kUnits{
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  const auto wrong =
      invalid("'" + std::string(text) + "' is not a duration; write a number with s, m, h or d, like 4h");
  if (text.empty()) return wrong;
  for (const auto& [letter, seconds] : kUnits) {
    if (text.back() != letter) continue;
    const auto number = base::parse_u64(text.substr(0, text.size() - 1));
    if (!number || *number > 36500ULL * 86400ULL / seconds) return wrong;
    return std::chrono::seconds{static_cast<std::int64_t>(*number * seconds)};
  }
  return wrong;
}

std::string render_duration(std::chrono::seconds value) {
  const auto total = value.count();
  if (total != 0 && total % 86400 == 0) return std::to_string(total / 86400) + "d";
  if (total != 0 && total % 3600 == 0) return std::to_string(total / 3600) + "h";
  if (total != 0 && total % 60 == 0) return std::to_string(total / 60) + "m";
  return std::to_string(total) + "s";
}

base::Result<std::uint64_t> parse_octets(std::string_view text) {
  const auto wrong =
      invalid("'" + std::string(text) + "' is not a size; write octets, or a number with K, M or G, like 50M");
  unsigned shift = 0;
  if (!text.empty()) {
    const char unit = base::to_upper(text.back());
    if (unit == 'K') shift = 10;
    if (unit == 'M') shift = 20;
    if (unit == 'G') shift = 30;
  }
  const auto number = base::parse_u64(shift == 0 ? text : text.substr(0, text.size() - 1));
  if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> (shift + 1))) return wrong;
  return *number << shift;
}

std::string render_octets(std::uint64_t value) {
  if (value != 0 && value % (1ULL << 30U) == 0) return std::to_string(value >> 30U) + "G";
  if (value != 0 && value % (1ULL << 20U) == 0) return std::to_string(value >> 20U) + "M";
  if (value != 0 && value % (1ULL << 10U) == 0) return std::to_string(value >> 10U) + "K";
  return std::to_string(value);
}

template <class S>
base::Status assign(const Key<S>& key, std::string_view text, S& target) {
  const auto set_text = [&](std::string S::*member) -> base::Status {
    TRY(check_text(key.kind, key.choices, text));
    target.*member = std::string(text);
    return base::ok();
  };
  const auto set_u64 = [&](std::uint64_t S::*member) -> base::Status {
    TRY_ASSIGN(target.*member, parse_octets(text));
    return base::ok();
  };
  const auto set_u32 = [&](std::uint32_t S::*member) -> base::Status {
    const auto number = base::parse_u32(text);
    if (!number) return invalid("'" + std::string(text) + "' is not a whole number");
    target.*member = *number;
    return base::ok();
  };
  const auto set_words = [&](std::vector<std::string> S::*member) -> base::Status {
    std::vector<std::string> words;
    for (const auto word : base::split_words(text)) words.emplace_back(word);
    TRY(check_words(key.kind, words));
    target.*member = std::move(words);
    return base::ok();
  };
  const auto set_duration = [&](std::chrono::seconds S::*member) -> base::Status {
    TRY_ASSIGN(target.*member, parse_duration(text));
    return base::ok();
  };
  const auto set_secret = [&](base::Secret S::*member) -> base::Status {
    target.*member = base::Secret(std::string(text));
    return base::ok();
  };
  return std::visit(Overloaded{set_text, set_u64, set_u32, set_words, set_duration, set_secret}, key.member);
}

template <class S>
std::string show(const Key<S>& key, const S& source) {
  return std::visit(Overloaded{[&](std::string S::*member) { return source.*member; },
                               [&](std::uint64_t S::*member) { return render_octets(source.*member); },
                               [&](std::uint32_t S::*member) { return std::to_string(source.*member); },
                               [&](std::vector<std::string> S::*member) { return base::join(source.*member, " "); },
                               [&](std::chrono::seconds S::*member) { return render_duration(source.*member); },
                               [&](base::Secret S::*member) { return fingerprint(source.*member); }},
                    key.member);
}

template base::Status assign(const Key<Settings>&, std::string_view, Settings&);
template base::Status assign(const Key<Route>&, std::string_view, Route&);
template std::string show(const Key<Settings>&, const Settings&);
template std::string show(const Key<Route>&, const Route&);

}  // namespace hearthmail::config
