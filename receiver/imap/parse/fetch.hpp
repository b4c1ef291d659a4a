// FETCH's arguments, RFC 9051 §6.4.5, the RFC822 items of RFC 3501 §6.4.5, the modifiers of RFC 7162, BINARY of RFC 3516.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/numset.hpp"
#include "receiver/imap/parse/search.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxFetchItems = 1'000;  // in one command
// Part numbers in one section. Over the MIME depth of limits.md (100): a message that deep shows parts with 102 numbers.
constexpr std::size_t kMaxSectionDepth = 128;
constexpr std::size_t kMaxSectionFields = 1'000;  // header names in one section

enum class SectionText : std::uint8_t {
  All,              // BODY[], BODY[1.2]
  Header,           // HEADER
  HeaderFields,     // HEADER.FIELDS (names)
  HeaderFieldsNot,  // HEADER.FIELDS.NOT (names)
  Text,             // TEXT
  Mime,             // MIME, only with a part
};

struct Section {
  std::vector<std::uint32_t> part;  // empty: the message itself
  SectionText text = SectionText::All;
  std::vector<std::string> fields;  // as the client wrote them
  std::string path() const;         // "2.1", mime::SummaryPart's form
};

// <first.count>: octets of the section from `first` on.
struct Partial {
  std::uint64_t first = 0;
  std::uint64_t count = 0;  // at least 1
};

enum class FetchKind : std::uint8_t {
  Envelope,
  Flags,
  InternalDate,
  Size,  // RFC822.SIZE
  Uid,
  Body,  // BODY: structure without extension data
  BodyStructure,
  ModSeq,        // RFC 7162 §3.1.4.2
  EmailId,       // RFC 8474 §5.1
  ThreadId,      // RFC 8474 §5.2
  SaveDate,      // RFC 8514 §4.2
  Preview,       // RFC 8970 §3, LAZY or not
  Section,       // BODY[...] and BODY.PEEK[...]
  Binary,        // BINARY[...] and BINARY.PEEK[...], RFC 3516 §4.2: decoded
  BinarySize,    // BINARY.SIZE[...]
  Rfc822,        // as BODY[]
  Rfc822Header,  // as BODY.PEEK[HEADER]
  Rfc822Text,    // as BODY[TEXT]
};

struct FetchItem {
  FetchKind kind = FetchKind::Flags;
  bool peek = false;  // BODY.PEEK: \Seen is not set
  Section section;    // kinds Section, Binary, BinarySize; filled for the RFC822 kinds too
  std::optional<Partial> partial;

  bool sets_seen() const;     // Section and Binary without PEEK, RFC822, RFC822.TEXT
  bool wants_octets() const;  // Section, Binary and the RFC822 kinds
  bool decodes() const { return kind == FetchKind::Binary || kind == FetchKind::BinarySize; }
  // The item's name in the answer: "BODY[HEADER.FIELDS (FROM)]<0>", "BINARY[2]", "RFC822.TEXT", "FLAGS".
  std::string response_name() const;
};

struct FetchArgs {
  bool uid = false;  // UID FETCH: the answer always has UID (RFC 9051 §6.4.9); add it yourself
  NumSet set;
  std::vector<FetchItem> items;  // macros ALL, FAST, FULL are expanded; without repeats of simple items
  // CHANGEDSINCE, RFC 7162 §3.1.4.1; MODSEQ is then among the items. 0, which the grammar excludes and clients send all
  // the same, means every message.
  std::optional<std::uint64_t> changed_since;
  bool vanished = false;             // with CHANGEDSINCE and UID only, RFC 7162 §3.2.6
  std::optional<PartialRange> page;  // PARTIAL: only these of the messages in `set`, RFC 9394 §3.4
};

base::Result<FetchArgs> parse_fetch(Cursor& in, bool uid);
// "(" fetch-att *(SP fetch-att) ")", for NOTIFY (RFC 5465 §8).
base::Result<std::vector<FetchItem>> parse_fetch_items(Cursor& in);
// section-spec alone, as it stands between the brackets: "1.2.HEADER".
base::Result<Section> parse_section_spec(std::string_view text);

}  // namespace hearthmail::receiver::imap::parse
