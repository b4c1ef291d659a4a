// The stored form of a summary; the table is in summary.hpp.
#include "common/base/bytes.hpp"
#include "common/mime/known_words.hpp"
#include "common/mime/listed.hpp"
#include "common/mime/spliced.hpp"
#include "common/mime/summary.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::uint8_t kVersion = 3;   // what encode() makes
constexpr std::uint8_t kUnlisted = 1;  // without the listed fields; 1 and 2 have every text and name in full

constexpr std::size_t kLeastSlice = 4;    // octets of a text that is worth looking up in the listed fields
constexpr std::uint64_t kUsualTail = 2;   // octets of a field behind its value: CRLF
constexpr std::uint64_t kUsualSpace = 1;  // octets between a field's colon and its value

// ---- what encode() puts -----------------------------------------------------------------------------------------

void put_range(base::Encoder& out, const Range& range) { out.varint(range.offset).varint(range.octets); }

void put_word(base::Encoder& out, std::string_view word) {
  const std::uint8_t number = number_of_word(word);
  out.u8(number);
  if (number == 0) out.octets(word);
}

// As a slice of the listed fields, where it stands there.
void put_text(base::Encoder& out, std::string_view text, std::string_view listed) {
  const std::size_t at = text.size() < kLeastSlice ? std::string_view::npos : listed.find(text);
  out.varint(text.size() * 2 + (at == std::string_view::npos ? 0 : 1));
  if (at == std::string_view::npos) out.raw(text);
  else out.varint(at);
}

void put_part(base::Encoder& out, const SummaryPart& part) {
  out.octets(part.path);
  put_range(out, part.header);
  put_range(out, part.body);
  for (const std::string* word : {&part.encoding, &part.type, &part.charset}) put_word(out, *word);
  out.u8(part.message ? 1 : 0);
  if (!part.message) return;
  put_range(out, part.inner_header);
  put_range(out, part.inner_body);
}

// `begin`: where a field begins that follows the one before it. Differences of what does not fit together wrap around, and
// back when they are read.
void put_field(base::Encoder& out, const Field& field, std::uint64_t begin) {
  const std::uint64_t gap = field.raw.offset - begin;
  const std::uint64_t space = field.value.offset - field.raw.offset - field.name.size() - 1;
  const std::uint64_t tail = field.raw.octets - (field.value.offset - field.raw.offset) - field.value.octets;
  const bool usual = gap == 0 && space == kUsualSpace && tail == kUsualTail;
  const std::uint8_t number = number_of_word(field.name);
  out.u8(static_cast<std::uint8_t>(number * 2 + (usual ? 0 : 1)));
  if (number == 0) out.octets(field.name);
  out.varint(field.raw.octets);
  if (!usual) out.varint(gap).varint(space).varint(tail);
}

// Everything behind the listed fields.
std::string encode_rest(const Summary& summary, std::string_view listed) {
  base::Encoder out;
  out.octets(splice(summary.envelope, listed)).octets(summary.body);
  out.octets(splice(summary.body_structure, summary.body)).octets(summary.preview);
  for (const std::string* text : {&summary.message_id, &summary.subject, &summary.in_reply_to})
    put_text(out, *text, listed);
  out.varint(summary.references.size());
  for (const std::string& id : summary.references) put_text(out, id, listed);
  for (const std::string* text : {&summary.from, &summary.to, &summary.cc, &summary.bcc}) put_text(out, *text, listed);
  out.u8(summary.sent ? 1 : 0);
  if (summary.sent) out.u64(static_cast<std::uint64_t>(*summary.sent));
  out.u64(static_cast<std::uint64_t>(summary.sent_day));
  out.varint(summary.parts.size());
  for (const SummaryPart& part : summary.parts) put_part(out, part);
  out.varint(summary.fields.size());
  std::uint64_t begin = 0;
  for (const Field& field : summary.fields) {
    put_field(out, field, begin);
    begin = field.raw.offset + field.raw.octets;
  }
  return std::move(out).str();
}

// ---- and how it is read, in every version -----------------------------------------------------------------------

base::Error corrupt(std::string_view what) { return base::Error{base::Errc::Corrupt, "summary: " + std::string(what)}; }

class Reader {
 public:
  explicit Reader(std::string_view stored) : in_(stored) {}

  // First: the version and the listed fields.
  base::Status begin() {
    version_ = in_.u8();
    if (version_ < kUnlisted || version_ > kVersion) {
      return corrupt("version " + std::to_string(version_) + " is not known");
    }
    if (version_ != kUnlisted && in_.u8() != 0) listed_ = in_.octets();
    return base::ok();
  }
  std::optional<std::string_view> listed() const { return listed_; }
  base::Status finish() const {
    if (!fits_) return corrupt("its pieces do not fit");
    return in_.finish("summary");
  }

  std::string_view octets() { return in_.octets(); }
  base::Decoder& in() { return in_; }
  // A text that version 3 keeps spliced from itself and `source`: a view into the record or `room`.
  std::string_view spliced(std::string_view source, std::string& room) {
    const std::string_view octets = in_.octets();
    if (version_ != kVersion || !in_.ok()) return octets;
    fits_ = unsplice(octets, source, room) && fits_;
    return room;
  }
  std::string_view text() {
    if (version_ != kVersion) return in_.octets();
    const std::uint64_t head = in_.varint();
    if (head % 2 == 0) return in_.raw(head / 2);
    const std::uint64_t at = in_.varint();
    const std::string_view source = listed_.value_or(std::string_view());
    fits_ = fits_ && at <= source.size() && head / 2 <= source.size() - at;
    return fits_ ? source.substr(at, head / 2) : std::string_view();
  }
  std::string_view word() {
    if (version_ != kVersion) return in_.octets();
    return numbered(in_.u8());
  }
  Range range() {
    Range range;
    range.offset = in_.varint();
    range.octets = in_.varint();
    return range;
  }
  SummaryPart part() {
    SummaryPart part;
    part.path = in_.octets();
    part.header = range();
    part.body = range();
    part.encoding = word();
    part.type = word();
    part.charset = word();
    part.message = in_.u8() != 0;
    if (part.message) {
      part.inner_header = range();
      part.inner_body = range();
    }
    return part;
  }
  Field field() { return version_ == kVersion ? compact_field() : plain_field(); }

 private:
  std::string_view numbered(std::uint8_t number) {
    if (number == 0) return in_.octets();
    fits_ = fits_ && is_known_word(number);
    return known_word(number);
  }
  Field plain_field() {
    Field field;
    field.name = in_.octets();
    field.raw = range();
    field.value.offset = field.raw.offset + in_.varint();
    field.value.octets = in_.varint();
    return field;
  }
  Field compact_field() {
    Field field;
    const std::uint8_t head = in_.u8();
    field.name = numbered(head / 2);
    field.raw.octets = in_.varint();
    const bool usual = head % 2 == 0;
    field.raw.offset = field_begins_ + (usual ? 0 : in_.varint());
    const std::uint64_t before = field.name.size() + 1 + (usual ? kUsualSpace : in_.varint());
    field.value.offset = field.raw.offset + before;
    field.value.octets = field.raw.octets - before - (usual ? kUsualTail : in_.varint());
    field_begins_ = field.raw.offset + field.raw.octets;
    return field;
  }

  base::Decoder in_;
  std::uint8_t version_ = 0;
  std::optional<std::string_view> listed_;
  bool fits_ = true;
  std::uint64_t field_begins_ = 0;  // where the next field begins when nothing lies between
};

// What SEARCH compares, behind the preview.
void read_compared(Reader& in, Summary& out) {
  out.message_id = in.text();
  out.subject = in.text();
  out.in_reply_to = in.text();
  for (std::uint64_t left = in.in().varint(); left > 0 && in.in().ok(); --left) out.references.emplace_back(in.text());
  out.from = in.text();
  out.to = in.text();
  out.cc = in.text();
  out.bcc = in.text();
  if (in.in().u8() != 0) out.sent = static_cast<base::UnixTime>(in.in().u64());
  out.sent_day = static_cast<std::int64_t>(in.in().u64());
}

// Everything before the parts. The members of SummaryText come first and in its order, so that one of them is found by
// skipping the ones before.
base::Status read_texts(Reader& in, Summary& out) {
  TRY(in.begin());
  const std::string_view listed = in.listed().value_or(std::string_view());
  if (in.listed()) out.listed.emplace(listed);
  std::string room;
  out.envelope = in.spliced(listed, room);
  out.body = in.octets();
  out.body_structure = in.spliced(out.body, room);
  out.preview = in.octets();
  read_compared(in, out);
  return in.finish();
}

std::size_t message_octets(const Summary& summary) {
  return summary.parts.empty() ? 0 : summary.parts.front().header.octets + summary.parts.front().body.octets;
}

}  // namespace

std::string encode(const Summary& summary) {
  const std::string_view listed = summary.listed ? std::string_view(*summary.listed) : std::string_view();
  std::string rest = encode_rest(summary, listed);
  const std::size_t most = message_octets(summary) < kLargeMessage ? kMaxWithListed : kMaxPage;
  const bool kept = summary.listed && rest.size() + listed.size() + 4 <= most;
  if (!kept && !listed.empty()) rest = encode_rest(summary, {});
  base::Encoder out;
  out.u8(kVersion).u8(kept ? 1 : 0);
  if (kept) out.octets(listed);
  return std::move(out).str() + rest;
}

base::Result<Summary> decode_summary_texts(std::string_view stored) {
  Reader in(stored);
  Summary out;
  TRY(read_texts(in, out));
  return out;
}

base::Result<Summary> decode_summary_compared(std::string_view stored) {
  Reader in(stored);
  Summary out;
  TRY(in.begin());
  for (int skip = static_cast<int>(SummaryText::Preview); skip >= 0; --skip) in.octets();
  read_compared(in, out);
  TRY(in.finish());
  return out;
}

base::Result<Summary> decode_summary(std::string_view stored) {
  Reader in(stored);
  Summary out;
  TRY(read_texts(in, out));
  for (std::uint64_t left = in.in().varint(); left > 0 && in.in().ok(); --left) out.parts.push_back(in.part());
  for (std::uint64_t left = in.in().varint(); left > 0 && in.in().ok(); --left) out.fields.push_back(in.field());
  TRY(in.finish());
  return out;
}

namespace {

// The member `which`, passing over those before it.
std::string_view read_text(Reader& in, SummaryText which, std::string& room) {
  if (which == SummaryText::Envelope) return in.spliced(in.listed().value_or(std::string_view()), room);
  in.octets();
  const std::string_view body = in.octets();
  if (which == SummaryText::Body) return body;
  if (which == SummaryText::BodyStructure) return in.spliced(body, room);
  in.octets();
  const std::string_view preview = in.octets();
  if (which == SummaryText::Preview) return preview;
  const std::string_view message_id = in.text();
  return which == SummaryText::MessageId ? message_id : in.text();
}

}  // namespace

base::Result<std::string_view> summary_text(std::string_view stored, SummaryText which) {
  thread_local std::string room;
  Reader in(stored);
  TRY(in.begin());
  const std::string_view text = read_text(in, which, room);
  TRY(in.finish());
  return text;
}

base::Result<std::optional<std::string_view>> summary_listed(std::string_view stored) {
  Reader in(stored);
  TRY(in.begin());
  TRY(in.finish());
  return in.listed();
}

}  // namespace hearthmail::mime
