// Command lines of SMTP, LMTP and submission, RFC 5321 §4.1.1, RFC 2033, RFC 3030, RFC 3207, RFC 4954. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/smtp/parameters.hpp"
#include "common/smtp/path.hpp"

namespace hearthmail::smtp {

enum class Verb : std::uint8_t {
  Ehlo,
  Helo,
  Lhlo,
  Mail,
  Rcpt,
  Data,
  Bdat,
  Rset,
  Noop,
  Vrfy,
  Expn,
  Help,
  Quit,
  StartTls,
  Auth,
  Foreign,  // the first word of another protocol (HTTP, SIP, TLS records in clear): close at once
  Unknown,
};

struct Command {
  Verb verb = Verb::Unknown;
  std::string_view argument;  // after the verb and its spaces, without trailing spaces; points into the line
};

// `line` is without CRLF. Never fails: what it does not know is Unknown.
Command parse_command(std::string_view line);

// EHLO, HELO and LHLO: the client's name or address literal, fit for a Received field. Errors: Invalid.
base::Result<std::string> parse_hello(std::string_view argument);

// "FROM:<path>" or "TO:<path>": cuts it off `argument`, which then holds the parameters. A space after the colon is
// tolerated, as many clients send one. Errors: Invalid, OverLimit (path too long).
base::Result<Path> take_mail_path(std::string_view& argument);
base::Result<Path> take_rcpt_path(std::string_view& argument);

// "size [LAST]", RFC 3030 §2. Errors: Invalid.
struct Chunk {
  std::uint64_t octets = 0;
  bool last = false;
};
base::Result<Chunk> parse_bdat(std::string_view argument);

// "mechanism [initial-response]", RFC 4954 §4.
struct AuthCommand {
  std::string mechanism;  // upper case
  bool has_initial = false;
  std::string initial;  // still in base64; "=" stands for an empty response
};
base::Result<AuthCommand> parse_auth(std::string_view argument);

}  // namespace hearthmail::smtp
