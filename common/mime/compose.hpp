// Writing: what we add to messages and the reports that we make. Headers are edited on the octets; nothing that was
// received is ever re-serialised. Pure except for the random numbers in ids and boundaries. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"

namespace hearthmail::mime {

constexpr std::size_t kMaxEncodedWord = 75;  // octets of one encoded word, RFC 2047 §2
constexpr std::size_t kFoldAt = 76;    // octets of a folded header or status line, RFC 5322 §2.1.1: should be under 78
constexpr std::size_t kMaxLine = 998;  // octets without CRLF, RFC 5322 §2.1.1

// "<1795495130.7c0f...@host>": 128 random bits. RFC 5322 §3.6.4. An empty host becomes "localhost".
std::string unique_message_id(std::string_view host);

// ---- header fields on octets; the header is what index_message() takes for it, without its limits ------------------

// The header with the blank line that ends it, if there is one.
std::string_view header_of(std::string_view message);
bool has_field(std::string_view message, std::string_view name);
// Every field of that name goes, with its folded lines.
std::string remove_field(std::string_view message, std::string_view name);
// Adds "name: value" as the first or the last line of the header. `value` is written as given; it must be folded and
// free of line ends otherwise. A message without a header gets one, with a blank line.
std::string prepend_field(std::string_view message, std::string_view name, std::string_view value);
std::string insert_field(std::string_view message, std::string_view name, std::string_view value);

// Header text: as it is when it is printable ASCII, otherwise as encoded words (RFC 2047) in UTF-8, one to a line,
// folded. Line ends and control characters cannot come out.
std::string encode_header_text(std::string_view utf8);

// ---- delivery status notifications ----------------------------------------------------------------------------------

struct ReportField {
  std::string name;
  std::string value;  // one line; line ends become spaces, long ones are folded
};

// RFC 3462 (multipart/report) and RFC 3464 (delivery status).
struct Report {
  std::string from;        // as in the header: "Mail Delivery System <mailer-daemon@example.test>"
  std::string to;          // address
  std::string subject;     // UTF-8
  std::string message_id;  // with brackets
  base::UnixTime date = 0;
  std::string text;                                        // for people, UTF-8, any line ends
  std::vector<ReportField> message_fields;                 // RFC 3464 §2.2: "Reporting-MTA", ...
  std::vector<std::vector<ReportField>> recipient_fields;  // RFC 3464 §2.3: "Final-Recipient", "Action", "Status", ...
  std::string returned;         // the header or the whole message, byte for byte; empty: no third part
  bool returned_whole = false;  // message/rfc822; false: only its header, text/rfc822-headers
  bool utf8 = false;            // the report may need SMTPUTF8: message/global and its kin, RFC 6533 §3
};

// The whole message, every line ended by CRLF. Its boundary occurs nowhere in its parts.
std::string compose_report(const Report& report);

}  // namespace hearthmail::mime
