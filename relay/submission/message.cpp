#include "relay/submission/message.hpp"

#include <algorithm>

#include "common/base/text.hpp"
#include "common/mime/addresses.hpp"
#include "common/mime/compose.hpp"
#include "common/smtp/address.hpp"
#include "common/smtp/limits.hpp"

namespace hearthmail::relay::submission {
namespace {

using base::Errc;
using base::Error;

std::string_view cut(std::string_view message, const mime::Range& range) {
  return message.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.octets));
}

// An author behind the limits of the index would escape the check, so such a header is refused.
base::Status check_header_size(std::string_view message) {
  const auto header = mime::header_of(message);
  const auto lines = static_cast<std::size_t>(std::count(header.begin(), header.end(), '\n'));
  if (header.size() > mime::kMaxHeaderParsed || lines > mime::kMaxHeaderLines) {
    return Error{Errc::Invalid, "Message header is too large"};
  }
  return base::ok();
}

void add_addresses(std::string_view value, std::vector<std::string>& out) {
  for (const auto& one : mime::parse_address_list(value)) {
    if (one.kind != mime::ListedAddress::Kind::Mailbox) continue;
    const hearthmail::smtp::Address address{one.local, one.domain, false};
    const std::string text = address.str();
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  }
}

std::string message_id_of(std::string_view message, const mime::Index& index) {
  for (const auto& field : index.parts.front().fields) {
    if (base::iequals(field.name, "Message-ID")) return std::string(base::trim(cut(message, field.value)));
  }
  return {};
}

}  // namespace

base::Result<std::vector<std::string>> authors(std::string_view message, const mime::Index& index) {
  TRY(check_header_size(message));
  std::vector<std::string> from;
  std::vector<std::string> sender;
  std::size_t hops = 0;
  for (const auto& field : index.parts.front().fields) {
    const bool is_from = base::iequals(field.name, "From");
    const bool is_sender = base::iequals(field.name, "Sender");
    if (base::iequals(field.name, "Received")) ++hops;
    if (!is_from && !is_sender) continue;
    if (field.raw.octets > mime::kMaxHeaderField) return Error{Errc::Invalid, field.name + " field is too large"};
    add_addresses(cut(message, field.value), is_from ? from : sender);
  }
  if (hops > hearthmail::smtp::kMaxHops) return Error{Errc::Protocol, "too many Received fields"};
  if (from.empty()) return Error{Errc::Invalid, "Message has no address in a From field"};
  from.insert(from.end(), sender.begin(), sender.end());
  return from;
}

std::string complete(std::string message, const Completion& completion) {
  for (const auto* name : {"Bcc", "Resent-Bcc"}) {
    if (mime::has_field(message, name)) message = mime::remove_field(message, name);
  }
  if (!mime::has_field(message, "Message-ID")) {
    message = mime::prepend_field(message, "Message-ID", mime::unique_message_id(completion.hostname));
  }
  if (!mime::has_field(message, "Date")) {
    message = mime::prepend_field(message, "Date", base::rfc5322_date(completion.now));
  }
  message.insert(0, completion.received);
  return message;
}

base::Result<Prepared> prepare(std::string message, const Completion& completion, const AuthorCheck& check) {
  TRY_ASSIGN(const auto addresses, authors(message, mime::index_message(message)));
  TRY(check(addresses));
  const std::string whole = complete(std::move(message), completion);
  Prepared out;
  out.message_id = message_id_of(whole, mime::index_message(whole));
  out.eight_bit = !base::is_ascii(whole);
  out.body = store::queue::prepare_body(whole);
  return out;
}

}  // namespace hearthmail::relay::submission
