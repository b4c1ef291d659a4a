#include "receiver/imap/search/message_text.hpp"

#include <algorithm>
#include <cstring>

#include "common/base/ascii.hpp"
#include "common/base/text.hpp"
#include "common/mime/decode.hpp"
#include "common/mime/fold.hpp"

namespace hearthmail::receiver::imap::search {

using base::Result;

namespace {

// The folded form of ASCII is its upper case (common/mime/fold.hpp): `text` becomes that. Takes the place of
// fold_case(text).find(folded) without a copy.
bool ascii_contains(char* text, std::size_t octets, std::string_view folded) {
  base::upper_in_place(text, octets);
  return ::memmem(text, octets, folded.data(), folded.size()) != nullptr;
}

// The longest run in `folded` that decoding an ASCII header without encoded words can neither split nor join: unfolding and
// the tidying of names change white space and colons only.
std::string_view longest_word(std::string_view folded) {
  std::string_view longest;
  while (!folded.empty()) {
    const std::string_view word = folded.substr(0, folded.find_first_of(" \t\r\n:"));
    if (word.size() > longest.size()) longest = word;
    folded.remove_prefix(std::min(word.size() + 1, folded.size()));
  }
  return longest;
}

// Can no field of this raw header contain `folded`, decoded or not? Most headers are answered so, without being decoded.
bool surely_without(std::string_view header, const std::string& folded) {
  if (!base::is_ascii(header) || header.find("=?") != std::string_view::npos) return false;
  for (std::size_t at = header.find('\r'); at != std::string_view::npos; at = header.find('\r', at + 1)) {
    if (at + 1 == header.size() || header[at + 1] != '\n') return false;  // a bare CR is taken out of a word
  }
  thread_local std::string folded_header;
  folded_header.assign(header);
  return !ascii_contains(folded_header.data(), folded_header.size(), longest_word(folded));
}

// Text that is read as it stands: no transfer encoding, a charset that contains ASCII, only ASCII in it.
bool is_plain_ascii(std::string_view octets, const mime::SummaryPart& part) {
  const auto& encoding = part.encoding;
  const bool identity = encoding.empty() || encoding == "7bit" || encoding == "8bit" || encoding == "binary";
  const bool charset = part.charset.empty() || part.charset == "utf-8" || part.charset == "us-ascii";
  return identity && charset && base::is_ascii(octets);
}

// Cuts one field with its folded lines off the front of `header`.
std::string_view take_field(std::string_view& header) {
  std::size_t end = 0;
  do {
    const std::size_t lf = header.find('\n', end);
    end = lf == std::string_view::npos ? header.size() : lf + 1;
  } while (end < header.size() && base::is_wsp(header[end]));
  const std::string_view field = header.substr(0, end);
  header.remove_prefix(end);
  return field;
}

// The header of a part, which the summary does not divide into fields.
Result<bool> part_header_contains(SearchSubject& subject, mime::Range range, const std::string& folded) {
  range.octets = std::min<std::uint64_t>(range.octets, mime::kMaxHeaderParsed);
  if (range.octets == 0) return folded.empty();
  TRY_ASSIGN(const std::string octets, subject.read(range));
  std::string_view header = octets;
  if (surely_without(header, folded)) return false;
  while (!header.empty()) {
    if (contains_folded(mime::decode_header(base::trim(take_field(header))), folded)) return true;
  }
  return false;
}

Result<bool> text_part_contains(SearchSubject& subject, const mime::SummaryPart& part, const std::string& folded) {
  if (!part.type.starts_with("text/")) return false;
  TRY_ASSIGN(std::string octets, subject.read(part.body));
  if (is_plain_ascii(octets, part)) {
    return ascii_contains(octets.data(), std::min(octets.size(), kMaxSearchedPart), folded);
  }
  const std::string content = mime::decode_transfer(octets, part.encoding, kMaxSearchedPart);
  return contains_folded(mime::to_utf8(content, part.charset), folded);
}

}  // namespace

bool contains_folded(std::string_view text, const std::string& folded) {
  if (folded.empty()) return true;
  const std::string other = mime::fold_case(text);
  return ::memmem(other.data(), other.size(), folded.data(), folded.size()) != nullptr;
}

Result<bool> header_contains(SearchSubject& subject, const mime::Summary& summary, std::string_view name,
                             const std::string& folded) {
  for (const mime::Field& field : summary.fields) {
    if (!base::iequals(field.name, name)) continue;
    if (folded.empty()) return true;
    TRY_ASSIGN(const std::string value, subject.read(field.value));
    if (contains_folded(mime::decode_header(value), folded)) return true;
  }
  return false;
}

Result<bool> any_header_contains(SearchSubject& subject, const mime::Summary& summary, const std::string& folded) {
  if (folded.empty()) return true;
  if (summary.fields.empty()) return false;
  const std::uint64_t first = summary.fields.front().raw.offset;
  const mime::Range& last = summary.fields.back().raw;
  TRY_ASSIGN(const std::string octets, subject.read({first, last.offset + last.octets - first}));
  const std::string_view header = octets;
  if (surely_without(header, folded)) return false;
  for (const mime::Field& field : summary.fields) {
    if (field.value.offset < first || field.value.offset - first > header.size()) continue;
    const std::string_view value = header.substr(field.value.offset - first, field.value.octets);
    if (contains_folded(field.name + ": " + mime::decode_header(value), folded)) return true;
  }
  return false;
}

Result<bool> body_contains(SearchSubject& subject, const mime::Summary& summary, const std::string& folded) {
  if (folded.empty()) return true;
  // A part that is a whole message by itself shares the header with it: each header is looked at once, and the
  // message's own never belongs to its body.
  std::uint64_t seen_header = summary.parts.empty() ? 0 : summary.parts.front().header.offset;
  for (std::size_t i = 1; i < summary.parts.size(); ++i) {
    const mime::SummaryPart& part = summary.parts[i];
    if (part.header.offset != seen_header) {
      TRY_ASSIGN(const bool in_header, part_header_contains(subject, part.header, folded));
      if (in_header) return true;
    }
    if (part.message) {
      seen_header = part.inner_header.offset;
      TRY_ASSIGN(const bool in_message, part_header_contains(subject, part.inner_header, folded));
      if (in_message) return true;
      continue;
    }
    TRY_ASSIGN(const bool in_text, text_part_contains(subject, part, folded));
    if (in_text) return true;
  }
  return false;
}

}  // namespace hearthmail::receiver::imap::search
