// The stored form of a summary; the table is in summary.hpp.
#include "common/base/bytes.hpp"
#include "common/mime/listed.hpp"
#include "common/mime/summary.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::uint8_t kVersion = 2;   // what encode() makes
constexpr std::uint8_t kUnlisted = 1;  // without the listed fields

void put_range(base::Encoder& out, const Range& range) { out.varint(range.offset).varint(range.octets); }

Range get_range(base::Decoder& in) {
  Range range;
  range.offset = in.varint();
  range.octets = in.varint();
  return range;
}

void put_part(base::Encoder& out, const SummaryPart& part) {
  out.octets(part.path);
  put_range(out, part.header);
  put_range(out, part.body);
  out.octets(part.encoding).octets(part.type).octets(part.charset).u8(part.message ? 1 : 0);
  if (!part.message) return;
  put_range(out, part.inner_header);
  put_range(out, part.inner_body);
}

SummaryPart get_part(base::Decoder& in) {
  SummaryPart part;
  part.path = in.octets();
  part.header = get_range(in);
  part.body = get_range(in);
  part.encoding = in.octets();
  part.type = in.octets();
  part.charset = in.octets();
  part.message = in.u8() != 0;
  if (part.message) {
    part.inner_header = get_range(in);
    part.inner_body = get_range(in);
  }
  return part;
}

void put_field(base::Encoder& out, const Field& field) {
  out.octets(field.name);
  put_range(out, field.raw);
  out.varint(field.value.offset - field.raw.offset).varint(field.value.octets);
}

Field get_field(base::Decoder& in) {
  Field field;
  field.name = in.octets();
  field.raw = get_range(in);
  field.value.offset = field.raw.offset + in.varint();
  field.value.octets = in.varint();
  return field;
}

// Behind the version, in version 2: the listed fields.
base::Result<std::optional<std::string_view>> read_listed(base::Decoder& in) {
  const std::uint8_t version = in.u8();
  if (version != kVersion && version != kUnlisted) {
    return base::Error{base::Errc::Corrupt, "summary: version " + std::to_string(version) + " is not known"};
  }
  std::optional<std::string_view> listed;
  if (version != kUnlisted && in.u8() != 0) listed = in.octets();
  return listed;
}

// Everything before the parts. The members of SummaryText come first and in its order, so that one of them is found by
// skipping the ones before.
base::Result<Summary> read_texts(base::Decoder& in) {
  TRY_ASSIGN(const auto listed, read_listed(in));
  Summary out;
  if (listed) out.listed.emplace(*listed);
  out.envelope = in.octets();
  out.body = in.octets();
  out.body_structure = in.octets();
  out.preview = in.octets();
  out.message_id = in.octets();
  out.subject = in.octets();
  out.in_reply_to = in.octets();
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) out.references.emplace_back(in.octets());
  out.from = in.octets();
  out.to = in.octets();
  out.cc = in.octets();
  out.bcc = in.octets();
  if (in.u8() != 0) out.sent = static_cast<base::UnixTime>(in.u64());
  out.sent_day = static_cast<std::int64_t>(in.u64());
  TRY(in.finish("summary"));
  return out;
}

// Everything behind the listed fields.
std::string encode_rest(const Summary& summary) {
  base::Encoder out;
  out.octets(summary.envelope).octets(summary.body).octets(summary.body_structure).octets(summary.preview);
  out.octets(summary.message_id).octets(summary.subject).octets(summary.in_reply_to);
  out.varint(summary.references.size());
  for (const std::string& id : summary.references) out.octets(id);
  out.octets(summary.from).octets(summary.to).octets(summary.cc).octets(summary.bcc);
  out.u8(summary.sent ? 1 : 0);
  if (summary.sent) out.u64(static_cast<std::uint64_t>(*summary.sent));
  out.u64(static_cast<std::uint64_t>(summary.sent_day));
  out.varint(summary.parts.size());
  for (const SummaryPart& part : summary.parts) put_part(out, part);
  out.varint(summary.fields.size());
  for (const Field& field : summary.fields) put_field(out, field);
  return std::move(out).str();
}

std::size_t message_octets(const Summary& summary) {
  return summary.parts.empty() ? 0 : summary.parts.front().header.octets + summary.parts.front().body.octets;
}

}  // namespace

std::string encode(const Summary& summary) {
  const std::string rest = encode_rest(summary);
  const std::size_t most = message_octets(summary) < kLargeMessage ? kMaxWithListed : kMaxPage;
  const bool kept = summary.listed && rest.size() + summary.listed->size() + 4 <= most;
  base::Encoder out;
  out.u8(kVersion).u8(kept ? 1 : 0);
  if (kept) out.octets(*summary.listed);
  return std::move(out).str() + rest;
}

base::Result<Summary> decode_summary_texts(std::string_view stored) {
  base::Decoder in(stored);
  return read_texts(in);
}

base::Result<Summary> decode_summary(std::string_view stored) {
  base::Decoder in(stored);
  TRY_ASSIGN(Summary out, read_texts(in));
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) out.parts.push_back(get_part(in));
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) out.fields.push_back(get_field(in));
  TRY(in.finish("summary"));
  return out;
}

base::Result<std::string_view> summary_text(std::string_view stored, SummaryText which) {
  base::Decoder in(stored);
  TRY(read_listed(in));
  for (int skip = static_cast<int>(which); skip > 0; --skip) in.octets();
  const std::string_view text = in.octets();
  TRY(in.finish("summary"));
  return text;
}

base::Result<std::optional<std::string_view>> summary_listed(std::string_view stored) {
  base::Decoder in(stored);
  TRY_ASSIGN(const auto listed, read_listed(in));
  TRY(in.finish("summary"));
  return listed;
}

}  // namespace hearthmail::mime
