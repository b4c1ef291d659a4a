#include "receiver/imap/cmd/append.hpp"

#include <algorithm>
#include <utility>

#include "common/base/sync_point.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "common/mime/transcode.hpp"
#include "common/net/workers.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/sections.hpp"
#include "receiver/imap/text/output.hpp"
#include "store/mail/known_body.hpp"
#include "store/mail/quota.hpp"

namespace hearthmail::receiver::imap::cmd {

namespace mail = store::mail;

namespace {

constexpr std::size_t kShownUrl = 1'000;  // octets of an address in BADURL

base::Error too_much() { return {base::Errc::Invalid, "Too much in one APPEND"}; }

}  // namespace

Append::Append(const Connection& connection, Target target)
    : connection_(connection), services_(connection.services()), target_(std::move(target)) {}

void Append::replace(Holder holder, base::Uid uid) {
  holder_ = holder;
  replaced_ = uid;
}

const parse::AppendOptions& Append::last_options() const {
  static const parse::AppendOptions kNone;
  return messages_.empty() ? kNone : messages_.back().options;
}

base::Status Append::take(parse::AppendSteps steps) {
  for (auto& step : steps) {
    switch (step.kind) {
      case parse::AppendStep::Kind::Message: {
        if (replaced_ != base::Uid{0} && !messages_.empty()) return too_much();  // REPLACE takes one
        TRY(check_number());
        messages_.emplace_back(std::move(step.options), services_);
        break;
      }
      case parse::AppendStep::Kind::Url: TRY(add_url(std::move(step.url))); break;
      case parse::AppendStep::Kind::Close: messages_.back().options.catenate = false; break;
    }
  }
  if (refused_) return base::Error{base::Errc::Invalid, "refused"};  // before the client sends more
  return base::ok();
}

// RFC 9738 §3.1: over the limit nothing is appended.
base::Status Append::check_number() {
  const std::uint32_t limit = services_.message_limit.of_saves();
  if (limit == 0) return messages_.size() < kMaxAppends ? base::ok() : base::Status(too_much());
  const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(limit, kMaxAppends));
  if (messages_.size() < most) return base::ok();
  refused_ = Completion{"NO", message_limit_code(most, {}), "Too many messages in one APPEND", false};
  return base::Error{base::Errc::Invalid, "too many messages"};
}

base::Status Append::add_url(std::string url) {
  auto& parts = messages_.back().parts;
  if (parts.size() == kMaxCatenateParts) return too_much();
  auto where = parse::parse_message_url(url);
  auto target = where.ok() ? find_target(connection_, where->mailbox) : base::Result<Target>(where.error());
  if (!target.ok()) {
    if (!refused_) refuse_url(url);
    return base::ok();
  }
  parts.push_back({std::move(url), std::move(*target), std::move(*where), 0});
  return base::ok();
}

base::Status Append::begin_text(std::uint64_t octets, bool binary) {
  auto& message = messages_.back();
  octets_ += octets;
  if (messages_.size() > 1 && octets_ > kMaxAppendOctets) return too_much();
  if (message.parts.size() == kMaxCatenateParts) return too_much();
  if (message.spool.octets() + octets > services_.max_message_octets) {
    refuse_size();
    return base::Error{base::Errc::OverLimit, "message too big"};
  }
  TRY(services_.check_room(octets_));
  TRY(check_quota());
  message.binary = message.binary || binary;
  binary_ = binary;
  message.parts.push_back({{}, {}, {}, octets});
  return base::ok();
}

// RFC 9208 §4.3.1, before the octets are sent. What REPLACE leaves is known only once it has written.
base::Status Append::check_quota() const {
  if (replaced_ != base::Uid{0}) return base::ok();
  TRY_ASSIGN(const base::Quota quota, services_.quota_of(target_.owner));
  if (!quota.limited()) return base::ok();
  TRY_ASSIGN(const mail::Usage now,
             services_.mail.env().read([this](const mail::ReadTxn& txn) { return mail::usage(txn, target_.owner); }));
  return mail::check_room(now, quota, {octets_, messages_.size()});
}

base::Status Append::add(std::string_view octets) {
  // literal = "{" number64 ["+"] "}" CRLF *CHAR8, and CHAR8 is never NUL: we could not send it back (RFC 9051 §9).
  if (!binary_ && octets.find('\0') != std::string_view::npos) {
    return base::Error{base::Errc::Invalid, "A message with a NUL octet is not stored"};
  }
  return messages_.back().spool.write(octets);
}

void Append::refuse_url(const std::string& url) {
  // url-resp-text: any TEXT-CHAR except "]", RFC 4469 §5.
  std::string shown = text::response_text(std::string_view(url).substr(0, kShownUrl));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c == ']' || c == '"' || c == '\\'; }, '?');
  refused_ = Completion{"NO", "BADURL \"" + shown + "\"", "There is no such message or part", false};
}

void Append::refuse_size() {
  refused_ = Completion{"NO", "TOOBIG",
                        "Message longer than " + std::to_string(services_.max_message_octets) + " octets", false};
}

// Appends what a URL means; refused_ is set when that is nothing.
base::Status Append::append_url(const mail::ReadTxn& txn, const Part& part, std::string& out) {
  const auto& where = part.where;
  const auto reached = reach(txn, part.target, Right::Read);
  const bool hidden =
      !reached.ok() && (reached.error().code == base::Errc::NotFound || reached.error().code == base::Errc::Denied);
  if (!reached.ok() && !hidden) return reached.error();
  if (hidden || (where.uid_validity && *where.uid_validity != reached->mailbox.uid_validity)) {
    refuse_url(part.url);
    return base::ok();
  }
  TRY_ASSIGN(const auto found, mail::find_message(txn, reached->mailbox.id, base::Uid{where.uid}));
  if (!found.has_value()) {
    refuse_url(part.url);
    return base::ok();
  }
  TRY_ASSIGN(const auto stored, mail::read_summary(txn, found->blob));
  TRY_ASSIGN(const auto summary, mime::decode_summary(stored));
  const auto whole =
      needs_summary(where.section) ? locate(where.section, summary) : std::optional(mime::Range{0, found->octets});
  if (!whole.has_value()) {
    refuse_url(part.url);
    return base::ok();
  }
  if (is_filtered(where.section)) {
    const std::uint64_t count = std::min<std::uint64_t>(whole->octets, kFilteredHeader);
    TRY_ASSIGN(const auto header, mail::read_body(txn, found->blob, whole->offset, count));
    const bool invert = where.section.text == parse::SectionText::HeaderFieldsNot;
    const std::string kept = filter_header(header, where.section.fields, invert);
    const mime::Range range = cut({0, kept.size()}, where.partial);
    out += std::string_view(kept).substr(range.offset, range.octets);
    return base::ok();
  }
  const mime::Range range = cut(*whole, where.partial);
  if (range.octets > services_.max_message_octets - std::min<std::uint64_t>(out.size(), services_.max_message_octets)) {
    refuse_size();
    return base::ok();
  }
  TRY_ASSIGN(const auto octets, mail::read_body(txn, found->blob, range.offset, range.octets));
  out += octets;
  return base::ok();
}

// The message's octets, in the order of its parts.
base::Result<std::string> Append::assemble(const Message& message) {
  TRY_ASSIGN(auto texts, message.spool.read_all(""));
  if (!message.catenates()) return texts;
  std::string octets;
  std::size_t at = 0;
  const auto put_together = [&](const mail::ReadTxn& txn) -> base::Status {
    for (const Part& part : message.parts) {
      if (part.url.empty()) {
        octets += std::string_view(texts).substr(at, part.octets);
        at += part.octets;
      } else {
        TRY(append_url(txn, part, octets));
      }
      if (octets.size() > services_.max_message_octets) refuse_size();
      if (refused_) return base::ok();
    }
    return base::ok();
  };
  const base::Status status = services_.mail.env().read(put_together);
  if (!status.ok()) return status.error();
  return octets;
}

bool Append::Message::catenates() const {
  return std::any_of(parts.begin(), parts.end(), [](const Part& part) { return !part.url.empty(); });
}

base::Result<Next> Append::step(Connection& connection) {
  if (refused_) {
    connection.completion = *refused_;
    return Next::Done;
  }
  switch (phase_) {
    case Phase::Prepare: {
      phase_ = Phase::Write;
      // How much the parts of other messages make is known only when they are read.
      const bool catenates =
          std::any_of(messages_.begin(), messages_.end(), [](const Message& one) { return one.catenates(); });
      if (octets_ > net::kSmallWork || catenates) return Next::Work;
      TRY(net::run_here([this] { return work(); }));
      [[fallthrough]];
    }
    case Phase::Write: phase_ = Phase::Answer; return Next::Write;
    case Phase::Answer: break;
  }
  std::string code = "APPENDUID ";
  put_number(code, uid_validity_);
  code += ' ';
  put_uid_set(code, uids_);
  if (replaced_ == base::Uid{0}) {
    connection.completion.code = std::move(code);
    return Next::Done;
  }
  // Before the EXPUNGE, so that a client never has neither (RFC 8508 §3.4).
  connection.out += "* OK [" + code + "] Replacement stored\r\n";
  connection.completion.modseq = true;
  return Next::Done;
}

base::Status Append::work() {
  for (auto& message : messages_) {
    TRY(message.spool.check_room());
    TRY_ASSIGN(auto octets, assemble(message));
    if (refused_) return base::ok();
    if (octets.empty()) return base::Error{base::Errc::Invalid, "An empty message is not stored"};
    if (message.binary && octets.find('\0') != std::string::npos) {
      auto plain = mime::without_nul(octets);
      if (!plain.has_value()) return base::Error{base::Errc::Unsupported, "NUL outside of a binary part"};
      octets = std::move(*plain);
    }
    TRY(prepare(message, octets));
  }
  return base::ok();
}

namespace {

mail::PreparedBody prepared(std::string_view octets, const base::BlobId& id) {
  return mail::prepare_body(octets, id, mime::encode(mime::summarize(octets, mime::index_message(octets))));
}

}  // namespace

// A message that is here already, in whichever mailbox, is not compressed again.
base::Status Append::prepare(Message& message, std::string_view octets) {
  const auto id = mail::body_id(octets);
  const auto look = [&id](const mail::ReadTxn& txn) { return mail::is_stored(txn, id); };
  if (message.is_spooled()) {
    TRY_ASSIGN(message.stored, services_.mail.env().read(look));
  }
  message.body = message.stored ? mail::stored_body(id, octets.size()) : prepared(octets, id);
  return base::ok();
}

// The last message that had the same octets may have gone meanwhile, and they with it.
base::Status Append::prepare_if_gone(const mail::ReadTxn& txn, Message& message) {
  if (!message.stored) return base::ok();
  TRY_ASSIGN(message.stored, mail::is_stored(txn, message.body.id));
  if (message.stored) return base::ok();
  TRY_ASSIGN(const auto octets, message.spool.read_all(""));
  message.body = prepared(octets, message.body.id);
  return base::ok();
}

std::size_t Append::stored_octets() const {
  std::size_t octets = 0;
  for (const auto& message : messages_) octets += message.body.stored_octets();
  return octets;
}

store::lmdb::Isolation Append::isolation() const {
  return stored_octets() > store::lmdb::kLargeJob ? store::lmdb::Isolation::Own : store::lmdb::Isolation::Child;
}

base::Status Append::write(mail::WriteTxn& txn) {
  uids_.clear();
  TRY(services_.check_room(stored_octets()));
  TRY_ASSIGN(const auto reached, reach(txn, target_, Right::Insert));
  // Flags that may not be set are left out; the message is stored all the same (RFC 4314 §4).
  const mail::FlagMask allowed = mail::flags_of(reached.rights);
  const base::AccountId owner = reached.mailbox.account;
  TRY_ASSIGN(const base::Quota quota, services_.quota_of(owner));
  TRY_ASSIGN(const auto guard, mail::QuotaGuard::begin(txn, owner, quota));
  const base::UnixTime now = services_.clock.now();
  for (auto& message : messages_) {
    TRY(prepare_if_gone(txn, message));
    mail::Arrival arrival;
    arrival.body = &message.body;
    arrival.system_flags = message.options.flags.system & allowed.system;
    if (allowed.keywords) arrival.keywords = message.options.flags.keywords;
    arrival.internal_date = message.options.date ? message.options.date->time : now;
    arrival.zone_minutes = message.options.date ? message.options.date->zone_minutes : std::int16_t{0};
    arrival.save_date = now;
    TRY_ASSIGN(const auto appended, mail::append(txn, reached.mailbox.id, arrival));
    uid_validity_ = appended.uid_validity;
    uids_.push_back(appended.uid);
  }
  if (replaced_ != base::Uid{0}) {
    const std::vector<base::Uid> old{replaced_};
    TRY(check_rights(txn, holder_, Rights{Right::DeleteMessages, Right::Expunge}));
    TRY_ASSIGN(const auto gone, mail::expunge(txn, holder_.box, old, false));
    if (gone.empty()) return base::Error{base::Errc::Unsupported, "The message no longer exists"};
  }
  TRY(guard.end(txn));
  base::sync_point("append-after-write");
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
