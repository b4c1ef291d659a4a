#include "receiver/imap/fetch_line.hpp"

#include <algorithm>

#include "common/mime/decode.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/object_id.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/text/date_time.hpp"
#include "receiver/imap/text/output.hpp"
#include "store/mail/body_pieces.hpp"

namespace hearthmail::receiver::imap {

namespace mail = store::mail;
using parse::FetchItem;
using parse::FetchKind;

namespace {

bool has_kind(const parse::FetchArgs& args, FetchKind kind) {
  return std::any_of(args.items.begin(), args.items.end(), [kind](const auto& item) { return item.kind == kind; });
}

constexpr std::size_t kDecodeInline = 64 * 1024;  // octets of a part that are decoded on the loop; more on a worker

// Content without an encoding of its own: a container, or plain octets (RFC 2045 §6.2, §6.4).
bool is_identity(const mime::SummaryPart& part) {
  const auto& encoding = part.encoding;
  return part.type.starts_with("multipart/") || part.message || encoding.empty() || encoding == "7bit" ||
         encoding == "8bit" || encoding == "binary";
}
bool is_decodable(const mime::SummaryPart& part) {
  return part.encoding == "base64" || part.encoding == "quoted-printable" || part.encoding == "x-uuencode" ||
         part.encoding == "x-uue";
}
// BINARY[] is the whole message, header and all; a part is its body.
mime::Range whole_of(const mime::SummaryPart& part) {
  if (!part.path.empty()) return part.body;
  return {part.header.offset, part.header.octets + part.body.octets};
}

}  // namespace

FetchLine::FetchLine(const parse::FetchArgs& args, const Enabled& enabled) : args_(args), enabled_(enabled) {
  names_.reserve(args_.items.size());
  for (const FetchItem& item : args_.items) names_.push_back(item.response_name());
}

void FetchLine::begin(const mail::Message& message, std::size_t index, bool flags_changed) {
  open_ = true;
  started_ = false;
  flags_changed_ = flags_changed && !has_kind(args_, FetchKind::Flags);
  modseq_changed_ = flags_changed && enabled_.condstore && !has_kind(args_, FetchKind::ModSeq);
  message_ = message;
  index_ = index;
  item_ = 0;
  left_ = {};
  from_decoded_ = false;
  decode_.reset();
  decoded_.reset();
  summary_.reset();
}

base::Status FetchLine::write(const mail::ReadTxn& txn, View& view, std::string& out, std::size_t budget) {
  const std::size_t start = out.size();
  const bool whole = !started_;  // the response begins in this call
  auto status = fill(txn, view, out, budget);
  if (status.ok()) return status;
  open_ = false;
  if (!whole) return base::Error{base::Errc::Closed, "FETCH response cannot be completed: " + status.error().text};
  out.resize(start);
  return status;
}

void FetchLine::put_start(std::string& out) {
  started_ = true;
  out += "* ";
  if (enabled_.uid_only) {  // RFC 9586 §3.3: the UID stands in front
    put_number(out, message_.uid.value);
    out += " UIDFETCH (";
    return;
  }
  put_number(out, index_ + 1);
  out += " FETCH (";
  if (!args_.uid || has_kind(args_, FetchKind::Uid)) return;
  out += "UID ";
  put_number(out, message_.uid.value);
  if (!args_.items.empty()) out += ' ';
}

base::Status FetchLine::fill(const mail::ReadTxn& txn, View& view, std::string& out, std::size_t budget) {
  const std::size_t start = out.size();
  const auto left = [&] { return budget - std::min(budget, out.size() - start); };
  if (!started_) {
    TRY(check_encodings(txn));
    put_start(out);
  }
  while (left_.octets > 0 || item_ < args_.items.size()) {
    if (left() == 0) return base::ok();
    if (left_.octets > 0) {
      TRY(stream(txn, out, left()));
      continue;
    }
    const FetchItem& item = args_.items[item_];
    if (item.decodes()) {
      TRY(prepare(txn, item));
      if (wants_worker()) return base::ok();
    }
    if (item_++ > 0) out += ' ';
    TRY(put_item(txn, view, item, out, left()));
  }
  if (flags_changed_) {
    out += " FLAGS ";
    put_flags(out, message_.flags, view.keywords(), view.recent(message_.uid));
  }
  if (modseq_changed_) {
    out += ' ';
    put_modseq(out);
  }
  out += ")\r\n";
  open_ = false;
  return base::ok();
}

base::Status FetchLine::put_item(const mail::ReadTxn& txn, const View& view, const FetchItem& item, std::string& out,
                                 std::size_t budget) {
  switch (item.kind) {
    case FetchKind::Envelope: return put_summary(txn, mime::SummaryText::Envelope, "ENVELOPE ", out);
    case FetchKind::Body: return put_summary(txn, mime::SummaryText::Body, "BODY ", out);
    case FetchKind::BodyStructure: return put_summary(txn, mime::SummaryText::BodyStructure, "BODYSTRUCTURE ", out);
    case FetchKind::Flags:
      out += "FLAGS ";
      put_flags(out, message_.flags, view.keywords(), view.recent(message_.uid));
      return base::ok();
    case FetchKind::InternalDate:
      out += "INTERNALDATE ";
      out += text::date_time(message_.internal_date, message_.zone_minutes);
      return base::ok();
    case FetchKind::Size:
      out += "RFC822.SIZE ";
      put_number(out, message_.octets);
      return base::ok();
    case FetchKind::Uid:
      out += "UID ";
      put_number(out, message_.uid.value);
      return base::ok();
    case FetchKind::ModSeq: put_modseq(out); return base::ok();
    case FetchKind::Binary:
    case FetchKind::BinarySize: return put_binary(item, out);
    case FetchKind::EmailId: out += "EMAILID (" + email_id(message_) + ")"; return base::ok();
    case FetchKind::ThreadId: out += "THREADID NIL"; return base::ok();  // RFC 8474 §5.2: threads have no id here
    case FetchKind::SaveDate:
      out += "SAVEDATE ";
      out += text::date_time(message_.save_date, 0);
      return base::ok();
    case FetchKind::Preview: return put_preview(txn, out);
    case FetchKind::Section:
    case FetchKind::Rfc822:
    case FetchKind::Rfc822Header:
    case FetchKind::Rfc822Text: return put_section(txn, item, out, budget);
  }
  return base::Error{base::Errc::Internal, "FETCH item without a rendering"};
}

void FetchLine::put_modseq(std::string& out) const {
  out += "MODSEQ (";
  put_number(out, message_.modseq.value);
  out += ')';
}

base::Status FetchLine::put_preview(const mail::ReadTxn& txn, std::string& out) const {
  TRY_ASSIGN(const auto stored, mail::read_summary(txn, message_.blob));
  TRY_ASSIGN(const auto preview, mime::summary_text(stored, mime::SummaryText::Preview));
  out += "PREVIEW ";
  text::append_string(out, preview, enabled_.utf8);
  return base::ok();
}

base::Status FetchLine::put_summary(const mail::ReadTxn& txn, mime::SummaryText which, std::string_view name,
                                    std::string& out) const {
  TRY_ASSIGN(const auto stored, mail::read_summary(txn, message_.blob));
  TRY_ASSIGN(const auto value, mime::summary_text(stored, which));
  out += name;
  out += value;
  return base::ok();
}

base::Status FetchLine::load_summary(const mail::ReadTxn& txn) {
  if (summary_.has_value()) return base::ok();
  TRY_ASSIGN(const auto stored, mail::read_summary(txn, message_.blob));
  TRY_ASSIGN(auto summary, mime::decode_summary(stored));
  summary_.emplace(std::move(summary));
  return base::ok();
}

base::Result<std::optional<mime::Range>> FetchLine::find_section(const mail::ReadTxn& txn, const FetchItem& item) {
  if (!needs_summary(item.section)) return std::optional(mime::Range{0, message_.octets});
  TRY(load_summary(txn));
  return locate(item.section, *summary_);
}

base::Status FetchLine::put_section(const mail::ReadTxn& txn, const FetchItem& item, std::string& out,
                                    std::size_t budget) {
  out += names_[static_cast<std::size_t>(&item - args_.items.data())];
  out += ' ';
  if (is_listed(item.section)) {
    TRY_ASSIGN(const bool done, put_listed(txn, item, out));
    if (done) return base::ok();
  }
  TRY_ASSIGN(const auto found, find_section(txn, item));
  if (!found.has_value()) {
    out += "NIL";
    return base::ok();
  }
  if (is_filtered(item.section)) return put_filtered(txn, item, *found, out);
  left_ = cut(*found, item.partial);
  from_decoded_ = false;
  text::append_literal_head(out, left_.octets);
  // The first piece comes with the announcement: after damage in it, write() takes both back.
  return stream(txn, out, std::max<std::size_t>(budget, 1));
}

namespace {

void put_fields(const FetchItem& item, std::string_view header, std::string& out) {
  const bool invert = item.section.text == parse::SectionText::HeaderFieldsNot;
  const std::string kept = filter_header(header, item.section.fields, invert);
  const mime::Range range = cut({0, kept.size()}, item.partial);
  text::append_literal(out, std::string_view(kept).substr(range.offset, range.octets));
}

}  // namespace

base::Result<bool> FetchLine::put_listed(const mail::ReadTxn& txn, const FetchItem& item, std::string& out) const {
  TRY_ASSIGN(const auto stored, mail::read_summary(txn, message_.blob));
  TRY_ASSIGN(const auto listed, mime::summary_listed(stored));
  if (listed.has_value()) put_fields(item, *listed, out);
  return listed.has_value();
}

base::Status FetchLine::put_filtered(const mail::ReadTxn& txn, const FetchItem& item, mime::Range header,
                                     std::string& out) const {
  const std::uint64_t count = std::min<std::uint64_t>(header.octets, kFilteredHeader);
  TRY_ASSIGN(const auto octets, mail::read_body(txn, message_.blob, header.offset, count));
  put_fields(item, octets, out);
  return base::ok();
}

// ---- BINARY, RFC 3516 ----

// Before anything of the response is out: a part that cannot be decoded fails the command (RFC 3516 §4.3).
base::Status FetchLine::check_encodings(const mail::ReadTxn& txn) {
  for (const FetchItem& item : args_.items) {
    if (!item.decodes()) continue;
    TRY(load_summary(txn));
    const auto* part = find_part(item.section, *summary_);
    if (part != nullptr && !is_identity(*part) && !is_decodable(*part)) {
      return base::Error{base::Errc::Unsupported, "the part is in an unknown transfer encoding"};
    }
  }
  return base::ok();
}

// Makes decoded_ the content of the item's part: at once when it is short, else wants_worker() becomes true.
base::Status FetchLine::prepare(const mail::ReadTxn& txn, const FetchItem& item) {
  TRY(load_summary(txn));
  const auto* part = find_part(item.section, *summary_);
  if (part == nullptr || is_identity(*part)) {
    decode_.reset();
    decoded_.reset();
    return base::ok();
  }
  if (decode_.has_value() && decode_->path == part->path) return base::ok();
  decode_ = *part;
  decoded_.reset();
  if (part->body.octets <= kDecodeInline) decode(txn);
  return base::ok();
}

void FetchLine::decode(const mail::ReadTxn& txn) {
  auto octets = mail::read_body(txn, message_.blob, decode_->body.offset, decode_->body.octets);
  if (octets.ok()) *octets = mime::decode_transfer(*octets, decode_->encoding, octets->size());
  decoded_ = std::move(octets);
}

// "BINARY[1] ~{5}" and the octets; a literal8 only when it must be one.
base::Status FetchLine::put_binary(const FetchItem& item, std::string& out) {
  const auto* part = find_part(item.section, *summary_);
  if (decoded_.has_value() && !decoded_->ok()) return decoded_->error();
  const bool decoded = part != nullptr && decoded_.has_value();
  std::uint64_t octets = 0;
  if (part != nullptr) octets = decoded ? decoded_->value().size() : whole_of(*part).octets;
  out += item.response_name();
  out += ' ';
  if (item.kind == FetchKind::BinarySize) {
    put_number(out, octets);
    return base::ok();
  }
  if (part == nullptr) {
    out += "NIL";
    return base::ok();
  }
  const std::uint64_t base = decoded ? 0 : whole_of(*part).offset;
  left_ = cut({base, octets}, item.partial);
  from_decoded_ = decoded;
  const bool has_nul = decoded && decoded_->value().find('\0') != std::string::npos;
  if (has_nul) out += '~';
  text::append_literal_head(out, left_.octets);
  return base::ok();
}

base::Status FetchLine::stream(const mail::ReadTxn& txn, std::string& out, std::size_t budget) {
  const std::uint64_t count = std::min<std::uint64_t>(left_.octets, budget);
  if (from_decoded_) {
    out += std::string_view(decoded_->value()).substr(left_.offset, count);
    left_.offset += count;
    left_.octets -= count;
    return base::ok();
  }
  if (count == 0) return base::ok();
  const std::size_t before = out.size();
  TRY(mail::append_body(txn, message_.blob, left_.offset, count, out));
  if (out.size() - before != count) {
    return base::Error{base::Errc::Corrupt, "body is shorter than its record says"};
  }
  left_.offset += count;
  left_.octets -= count;
  return base::ok();
}

}  // namespace hearthmail::receiver::imap
