// Summary: what IMAP, POP3 and threading ask of a message, computed once at delivery and stored beside the body, in the
// form in which it is sent. FETCH ENVELOPE is then a lookup and a copy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/mime/index.hpp"

namespace hearthmail::mime {

constexpr std::size_t kPreviewOctets = 256;  // at most, whole UTF-8 characters (RFC 8970 §3.2: up to 256)

constexpr std::size_t kMaxReferences = 100;  // ids kept of References: the first and the last 99
constexpr std::size_t kMaxMessageId = 998;   // octets; a longer id is left out, RFC 5322 §2.1.1

// One addressable part. `path` is IMAP's part number: "" is the whole message, "1", "2.1", ... (RFC 9051 §6.4.5.1). A
// message/rfc822 at "2" gives "2" (the part); the message inside has its parts under "2." and its own header and text.
struct SummaryPart {
  std::string path;
  Range header;          // the part's MIME header ("MIME"); for "" the message's header
  Range body;            // the part's content
  std::string encoding;  // lower case
  std::string type;      // "text/plain", lower case
  std::string charset;   // lower case, or empty
  bool message = false;  // a message/rfc822: inner_header and inner_body are set
  Range inner_header;
  Range inner_body;
};

struct Summary {
  std::string envelope;            // "(...)", RFC 9051 §7.5.2, ready to send
  std::string body;                // BODY, without extension data
  std::string body_structure;      // BODYSTRUCTURE
  std::vector<SummaryPart> parts;  // "" first, then in order of the message
  std::vector<Field> fields;       // of the message's header: names and ranges, so that HEADER.FIELDS need not parse
  std::string preview;             // UTF-8 text for a list view, RFC 8970
  std::string message_id;          // with brackets, or empty
  std::string in_reply_to;         // first id, or empty
  std::vector<std::string> references;  // ids in order, at most 100
  std::string subject;                  // decoded to UTF-8
  std::string from, to, cc, bcc;        // decoded to UTF-8, for SEARCH: names and addresses as a reader sees them
  std::optional<base::UnixTime> sent;   // Date:, UTC
  std::optional<std::string> listed;    // the header's listed fields (listed.hpp) as they stand there, unless too long
  std::int64_t sent_day = 0;  // days since 1970-01-01 of the Date: field, disregarding time and zone (SEARCH SENTON)
};

Summary summarize(std::string_view message, const Index& index);

// The stored form, version 3: store/FORMAT.md, "Summary record", has every octet. Octets after the last field belong to
// later minor versions and are ignored.
std::string encode(const Summary& summary);
base::Result<Summary> decode_summary(std::string_view stored);  // Corrupt

// The same without `parts` and `fields`, which make the most work: enough to sort and to thread. Corrupt.
base::Result<Summary> decode_summary_texts(std::string_view stored);
// Only what SEARCH compares: ids, subject, addresses, dates. Corrupt.
base::Result<Summary> decode_summary_compared(std::string_view stored);

// Cheap partial decoding for hot paths: only the named member of an encoded summary. A view into `stored` or into this
// thread's room, until its next call. Corrupt.
enum class SummaryText { Envelope, Body, BodyStructure, Preview, MessageId, Subject };
base::Result<std::string_view> summary_text(std::string_view stored, SummaryText which);
// The listed fields, or nothing when the summary has none. Corrupt.
base::Result<std::optional<std::string_view>> summary_listed(std::string_view stored);

}  // namespace hearthmail::mime
