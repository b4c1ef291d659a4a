// Commands about the connection: LOGIN, AUTHENTICATE, ID, ENABLE, COMPRESS: RFC 9051 §6.2, §6.3.1; RFC 2971; RFC 4959;
// RFC 4978.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxIdPairs = 30;          // RFC 2971 §3.3
constexpr std::size_t kMaxIdFieldOctets = 30;    // RFC 2971 §3.3
constexpr std::size_t kMaxIdValueOctets = 1024;  // RFC 2971 §3.3
constexpr std::size_t kMaxEnable = 50;           // capabilities in one ENABLE

struct LoginArgs {
  std::string user;
  base::Secret password;
};
struct AuthenticateArgs {
  std::string mechanism;                // upper case
  std::optional<base::Secret> initial;  // initial response as received, RFC 4959: base64, or "=" for an empty one
};
struct IdArgs {
  std::vector<std::pair<std::string, std::string>> pairs;  // field, value ("" for NIL)
};
struct EnableArgs {
  std::vector<std::string> capabilities;  // upper case
};
struct CompressArgs {
  std::string algorithm;  // upper case
};

base::Result<LoginArgs> parse_login(Cursor& in);
base::Result<AuthenticateArgs> parse_authenticate(Cursor& in);
base::Result<IdArgs> parse_id(Cursor& in);
base::Result<EnableArgs> parse_enable(Cursor& in);
base::Result<CompressArgs> parse_compress(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
