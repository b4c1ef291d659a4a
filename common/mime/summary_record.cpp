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

// The members of SummaryText come first and in its order, so that one of them is found by skipping the ones before.
base::Result<std::uint8_t> read_version(base::Decoder& in) {
  const std::uint8_t version = in.u8();
  if (version != kVersion && version != kUnlisted) {
    return base::Error{base::Errc::Corrupt, "summary: version " + std::to_string(version) + " is not known"};
  }
  return version;
}

// Everything before the parts.
base::Result<Summary> read_texts(base::Decoder& in) {
  TRY(read_version(in));
  Summary out;
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

}  // namespace

std::string encode(const Summary& summary) {
  base::Encoder out;
  out.u8(kVersion);
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
  const std::string without = std::move(out).str();
  base::Encoder last;
  last.u8(summary.listed ? 1 : 0);
  if (summary.listed) last.octets(*summary.listed);
  const std::string listed = std::move(last).str();
  if (without.size() + listed.size() > kMaxWithListed) return without + '\0';
  return without + listed;
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
  const bool kept = static_cast<std::uint8_t>(stored.front()) != kUnlisted;
  if (kept && in.u8() != 0) out.listed = in.octets();
  TRY(in.finish("summary"));
  return out;
}

base::Result<std::string_view> summary_text(std::string_view stored, SummaryText which) {
  base::Decoder in(stored);
  TRY(read_version(in));
  for (int skip = static_cast<int>(which); skip > 0; --skip) in.octets();
  const std::string_view text = in.octets();
  TRY(in.finish("summary"));
  return text;
}

base::Result<std::optional<std::string_view>> summary_listed(std::string_view stored) {
  base::Decoder in(stored);
  TRY_ASSIGN(const auto version, read_version(in));
  const auto pass = [&in](std::uint64_t texts) {
    for (; texts > 0 && in.ok(); --texts) in.octets();
  };
  const auto pass_numbers = [&in](int numbers) {
    for (; numbers > 0; --numbers) in.varint();
  };
  pass(7);            // envelope to in_reply_to
  pass(in.varint());  // references
  pass(4);            // from, to, cc, bcc
  if (in.u8() != 0) in.u64();
  in.u64();
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {  // parts
    pass(1);
    pass_numbers(4);
    pass(3);
    if (in.u8() != 0) pass_numbers(4);
  }
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {  // fields
    pass(1);
    pass_numbers(4);
  }
  std::optional<std::string_view> listed;
  if (version != kUnlisted && in.u8() != 0) listed = in.octets();
  TRY(in.finish("summary"));
  return listed;
}

}  // namespace hearthmail::mime
