#include "common/mime/summary.hpp"

#include "common/base/text.hpp"
#include "common/mime/addresses.hpp"
#include "common/mime/date.hpp"
#include "common/mime/decode.hpp"
#include "common/mime/envelope.hpp"
#include "common/mime/listed.hpp"
#include "common/mime/preview.hpp"
#include "common/mime/scan.hpp"
#include "common/mime/structure.hpp"

namespace hearthmail::mime {

namespace {

// The msg-ids of a value, "<" ... ">" with white space left out, RFC 5322 §3.6.4. Words between them are passed over.
std::vector<std::string> message_ids(std::string_view value) {
  std::vector<std::string> out;
  std::string current;
  for (const char c : value) {
    if (c == '<') {
      current = "<";
    } else if (!current.empty() && !is_fws(c)) {
      current += c;
      if (c != '>') continue;
      if (current.size() > 2 && current.size() <= kMaxMessageId) out.push_back(current);
      current.clear();
    }
  }
  return out;
}

std::string first_id(std::string_view message, const std::vector<Field>& fields, std::string_view name) {
  const auto value = field_value(message, fields, name);
  if (!value) return {};
  const auto ids = message_ids(*value);
  return ids.empty() ? std::string() : ids.front();
}

std::vector<std::string> references(std::string_view message, const std::vector<Field>& fields) {
  const auto value = field_value(message, fields, "References");
  if (!value) return {};
  std::vector<std::string> ids = message_ids(*value);
  if (ids.size() > kMaxReferences) {
    const auto surplus = static_cast<std::ptrdiff_t>(ids.size() - kMaxReferences);
    ids.erase(ids.begin() + 1, ids.begin() + 1 + surplus);
  }
  return ids;
}

// "Ada Lovelace <ada@example.test>, bob@example.test"
std::string readable_addresses(std::string_view message, const std::vector<Field>& fields, std::string_view name) {
  std::string out;
  for (const Field& field : fields) {
    if (!base::iequals(field.name, name)) continue;
    for (const ListedAddress& address : parse_address_list(message.substr(field.value.offset, field.value.octets))) {
      if (address.kind == ListedAddress::Kind::GroupEnd) continue;
      if (!out.empty()) out += ", ";
      const std::string shown = decode_header(address.name);
      if (address.kind == ListedAddress::Kind::GroupStart) {
        out += shown + ':';
        continue;
      }
      std::string spec = clean_utf8(address.local);
      if (!address.domain.empty()) spec += '@' + clean_utf8(address.domain);
      out += shown.empty() ? spec : shown + " <" + spec + '>';
    }
  }
  return out;
}

std::optional<std::string> listed_fields(std::string_view message, const Range& header) {
  if (header.octets > kMaxHeaderParsed) return std::nullopt;
  std::string kept = select_fields(message.substr(header.offset, header.octets), is_listed_field);
  if (kept.size() > kMaxListed) return std::nullopt;
  return kept;
}

}  // namespace

Summary summarize(std::string_view message, const Index& index) {
  Summary out;
  const std::vector<Field>& fields = index.parts.front().fields;
  out.envelope = envelope(message, fields);
  out.body = body_structure(message, index, false);
  out.body_structure = body_structure(message, index, true);
  out.parts = list_parts(index);
  out.fields = fields;
  out.preview = preview(message, index);
  out.message_id = first_id(message, fields, "Message-ID");
  out.in_reply_to = first_id(message, fields, "In-Reply-To");
  out.references = references(message, fields);
  out.subject = decode_header(field_value(message, fields, "Subject").value_or(std::string_view()));
  out.from = readable_addresses(message, fields, "From");
  out.to = readable_addresses(message, fields, "To");
  out.cc = readable_addresses(message, fields, "Cc");
  out.listed = listed_fields(message, index.parts.front().header);
  out.bcc = readable_addresses(message, fields, "Bcc");
  const auto written = field_value(message, fields, "Date");
  const auto date = written ? parse_date(*written) : std::optional<Date>();
  if (date) {
    out.sent = date->time;
    out.sent_day = date->day;
  }
  return out;
}

}  // namespace hearthmail::mime
