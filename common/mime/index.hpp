// Index: where everything in a message is. One iterative, bounded pass over bytes that a stranger wrote; never fails,
// never recurses, never allocates by what a header claims. Offsets count octets from the start of the message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::mime {

constexpr std::size_t kMaxHeaderField = 64 * 1024;     // octets of one field, limits.md; the rest is stored, not parsed
constexpr std::size_t kMaxHeaderParsed = 1024 * 1024;  // octets of all fields of one header that are parsed
constexpr std::size_t kMaxHeaderLines = 1000;          // lines of one header that are parsed
constexpr std::size_t kMaxDepth = 100;                 // MIME nesting; deeper parts are leaves
constexpr std::size_t kMaxParts = 10'000;              // per message; what follows belongs to the last one
constexpr std::size_t kMaxParameters = 128;            // RFC 2231 parameters of one field
constexpr std::size_t kMaxBoundary = 2'048;            // octets; longer ones do not split
// Sums over one message, so that what the index costs does not follow from what 10,000 headers claim.
constexpr std::size_t kMaxFields = 50'000;         // fields kept; what follows is still read for its type
constexpr std::size_t kMaxAllParameters = 20'000;  // parameters kept
constexpr std::size_t kMaxConversions = 1'000;     // RFC 2231 values converted to UTF-8 from another charset

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t octets = 0;
};

// A header field, RFC 5322 §2.2.
struct Field {
  std::string name;  // as written, without the colon
  Range raw;         // the whole field with its folded lines and the last CRLF
  Range value;       // after the colon, unfolded by the reader
};

struct Parameter {
  std::string name;   // lower case
  std::string value;  // unquoted, RFC 2231 continuations joined and percent-decoded to UTF-8 where the charset is known
  bool extended = false;  // was written in RFC 2231's extended form: the value is UTF-8
};

struct Part {
  std::int32_t parent = -1;  // index in Index::parts; -1 for the root
  std::vector<std::uint32_t> children;
  Range header;  // with the blank line that ends it
  Range body;    // without the CRLF that belongs to the next boundary (RFC 2046 §5.1.1)
  std::uint64_t body_lines = 0;
  std::string type = "text";          // lower case
  std::string subtype = "plain";      // lower case
  std::vector<Parameter> parameters;  // of Content-Type
  std::string encoding = "7bit";      // Content-Transfer-Encoding, lower case
  std::string disposition;            // lower case, or empty
  std::vector<Parameter> disposition_parameters;
  std::vector<Field> fields;  // of this part's header (for message/rfc822: of the part, not of the message in it)
  bool is_multipart() const { return type == "multipart"; }
  bool is_message() const { return type == "message" && (subtype == "rfc822" || subtype == "global"); }
};

// parts[0] is the whole message. A message/rfc822 part has exactly one child: the message inside (its header and body).
struct Index {
  std::vector<Part> parts;
  bool clipped = false;    // some limit above was reached
  std::uint64_t work = 0;  // octets looked at: at most a small multiple of the message's
};

// A header ends with its blank line; also before a delimiter line of an open multipart, and before a line that is no
// field unless the line after it is one (a broken fold, an mbox "From " line). A delimiter line is exactly "--", the
// boundary, perhaps "--", then only white space (RFC 2046 §5.1.1); an outer one ends everything inside.
Index index_message(std::string_view message);

}  // namespace hearthmail::mime
