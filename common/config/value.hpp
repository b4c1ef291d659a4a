// Values as text: how each kind of setting is written, parsed and shown again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace hearthmail::config {

enum class Kind {
  Text,        // any text
  Path,        // a file or directory, absolute
  Hostname,    // a name with at least one dot, or localhost
  Choice,      // one of a few words
  Count,       // a whole number
  Octets,      // a whole number with an optional K, M or G (powers of 1024)
  Duration,    // a whole number with s, m, h or d
  Endpoints,   // "host:port" words
  Names,       // words of [a-z0-9_]
  SecretText,  // a secret
};
// "duration (s, m, h, d)": the type and unit column of the reference.
std::string_view describe(Kind kind);

// "5d" -> 432000 s. Invalid says what is accepted.
base::Result<std::chrono::seconds> parse_duration(std::string_view text);
std::string render_duration(std::chrono::seconds value);
// "50M" -> octets.
base::Result<std::uint64_t> parse_octets(std::string_view text);
std::string render_octets(std::uint64_t value);

// One member of a settings struct S.
template <class S>
using Member = std::variant<std::string S::*, std::uint64_t S::*, std::uint32_t S::*, std::vector<std::string> S::*,
                            std::chrono::seconds S::*, base::Secret S::*>;

// One key: its name within the struct's section, its meaning, and where it goes.
template <class S>
struct Key {
  std::string_view name;  // TOML, "log.level"; for a route's keys only the last part
  Kind kind;
  Member<S> member;
  std::string_view fallback;  // the default in words when it is computed ("data_dir/run"); else empty
  std::string_view help;      // one sentence
  std::vector<std::string> choices{};
};

// Parses `text` as `key` wants it into `target`. Invalid: what was wrong and what to write.
template <class S>
base::Status assign(const Key<S>& key, std::string_view text, S& target);
// The member as text, in the form that assign() reads. A secret shows its length and fingerprint.
template <class S>
std::string show(const Key<S>& key, const S& source);

}  // namespace hearthmail::config
