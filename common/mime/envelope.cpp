#include "common/mime/envelope.hpp"

#include "common/base/text.hpp"
#include "common/mime/addresses.hpp"
#include "common/mime/imap_text.hpp"
#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

void append_nstring(std::string& out, std::string_view value) {
  if (value.empty()) {
    out += "NIL";
  } else {
    append_string(out, value);
  }
}

// (name route mailbox host); a group starts with (NIL NIL "name" NIL) and ends with (NIL NIL NIL NIL). A mailbox
// without a host gets "" because NIL would make it a group.
void append_address(std::string& out, const ListedAddress& address) {
  switch (address.kind) {
    case ListedAddress::Kind::GroupStart:
      out += "(NIL NIL ";
      append_string(out, address.name);
      out += " NIL)";
      return;
    case ListedAddress::Kind::GroupEnd: out += "(NIL NIL NIL NIL)"; return;
    case ListedAddress::Kind::Mailbox: break;
  }
  out += '(';
  append_nstring(out, address.name);
  out += ' ';
  append_nstring(out, address.route);
  out += ' ';
  append_string(out, address.local);
  out += ' ';
  append_string(out, address.domain);
  out += ')';
}

std::string address_list(std::string_view message, const std::vector<Field>& fields, std::string_view name) {
  std::string list;
  for (const Field& field : fields) {
    if (!base::iequals(field.name, name)) continue;
    for (const ListedAddress& address : parse_address_list(message.substr(field.value.offset, field.value.octets))) {
      append_address(list, address);
    }
  }
  if (list.empty()) return "NIL";
  return '(' + list + ')';
}

void append_field(std::string& out, std::string_view message, const std::vector<Field>& fields, std::string_view name) {
  const auto value = field_value(message, fields, name);
  if (value) {
    append_string(out, unfold(*value));
  } else {
    out += "NIL";
  }
}

}  // namespace

std::optional<std::string_view> field_value(std::string_view message, const std::vector<Field>& fields,
                                            std::string_view name) {
  for (const Field& field : fields) {
    if (base::iequals(field.name, name)) return message.substr(field.value.offset, field.value.octets);
  }
  return std::nullopt;
}

std::string envelope(std::string_view message, const std::vector<Field>& fields) {
  std::string out = "(";
  append_field(out, message, fields, "Date");
  out += ' ';
  append_field(out, message, fields, "Subject");
  const std::string from = address_list(message, fields, "From");
  out += ' ' + from;
  for (const std::string_view name : {"Sender", "Reply-To"}) {
    const std::string list = address_list(message, fields, name);
    out += ' ' + (list == "NIL" ? from : list);
  }
  for (const std::string_view name : {"To", "Cc", "Bcc"}) out += ' ' + address_list(message, fields, name);
  for (const std::string_view name : {"In-Reply-To", "Message-ID"}) {
    out += ' ';
    append_field(out, message, fields, name);
  }
  out += ')';
  return out;
}

}  // namespace hearthmail::mime
