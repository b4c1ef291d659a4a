#include "receiver/imap/cmd/append.hpp"

#include <utility>

#include "common/base/sync_point.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "common/mime/transcode.hpp"
#include "common/net/workers.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/out.hpp"

namespace hearthmail::receiver::imap::cmd {

namespace mail = store::mail;

Append::Append(const Connection& connection, Target target)
    : services_(connection.services()), target_(std::move(target)) {}

void Append::replace(Holder holder, base::Uid uid) {
  holder_ = holder;
  replaced_ = uid;
}

const parse::AppendOptions& Append::last_options() const {
  static const parse::AppendOptions kNone;
  return messages_.empty() ? kNone : messages_.back().options;
}

base::Status Append::begin_message(parse::AppendOptions options, std::uint64_t octets, bool binary) {
  octets_ += octets;
  const bool second = replaced_ != base::Uid{0} && !messages_.empty();  // REPLACE takes one
  if (second || messages_.size() == kMaxAppends || (!messages_.empty() && octets_ > kMaxAppendOctets)) {
    return base::Error{base::Errc::Invalid, "Too much in one APPEND"};
  }
  TRY(services_.check_room(octets_));
  messages_.emplace_back(std::move(options), services_);
  messages_.back().binary = binary;
  return base::ok();
}

base::Status Append::add(std::string_view octets) {
  // literal = "{" number64 ["+"] "}" CRLF *CHAR8, and CHAR8 is never NUL: we could not send it back (RFC 9051 §9).
  if (!messages_.back().binary && octets.find('\0') != std::string_view::npos) {
    return base::Error{base::Errc::Invalid, "A message with a NUL octet is not stored"};
  }
  return messages_.back().spool.write(octets);
}

base::Result<Next> Append::step(Connection& connection) {
  switch (phase_) {
    case Phase::Prepare:
      phase_ = Phase::Write;
      if (octets_ > net::kSmallWork) return Next::Work;
      TRY(net::run_here([this] { return work(); }));
      [[fallthrough]];
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
    TRY_ASSIGN(auto octets, message.spool.read_all(""));
    if (message.binary && octets.find('\0') != std::string::npos) {
      auto plain = mime::without_nul(octets);
      if (!plain.has_value()) return base::Error{base::Errc::Unsupported, "NUL outside of a binary part"};
      octets = std::move(*plain);
    }
    const auto summary = mime::summarize(octets, mime::index_message(octets));
    message.body = mail::prepare_body(octets, mime::encode(summary));
  }
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
  const base::UnixTime now = services_.clock.now();
  for (const auto& message : messages_) {
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
  base::sync_point("append-after-write");
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
