// Keys and records of the queue environment as octets.
#include <utility>

#include "common/base/bytes.hpp"
#include "common/base/delivery_id.hpp"
#include "common/crypto/digest.hpp"
#include "store/body/body.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::queue {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;

namespace {

// Bits of an envelope's flags.
constexpr std::uint8_t kEightBit = 1;
constexpr std::uint8_t kSmtpUtf8 = 2;
// Bits of a recipient's flags.
constexpr std::uint8_t kDelayNotified = 1;
constexpr std::uint8_t kDsnDone = 2;

Result<std::string_view> open_record(std::string_view what, std::string_view stored, std::string_view key) {
  auto record = body::unseal(stored, key);
  if (!record.ok()) return base::with_context("queue: " + std::string(what), std::move(record).error());
  return record;
}

std::uint8_t bit(bool set, std::uint8_t value) { return set ? value : std::uint8_t{0}; }
std::uint64_t encode_time(UnixTime time) { return static_cast<std::uint64_t>(time); }
UnixTime decode_time(std::uint64_t time) { return static_cast<UnixTime>(time); }

void encode_envelope(Encoder& out, const Envelope& envelope) {
  out.octets(envelope.reverse_path).u64(envelope.account.value).octets(envelope.envid);
  out.u8(static_cast<std::uint8_t>(envelope.ret));
  out.u8(bit(envelope.eight_bit, kEightBit) | bit(envelope.smtputf8, kSmtpUtf8));
  out.u64(encode_time(envelope.arrived)).u64(envelope.octets).octets(envelope.message_id);
}

Envelope decode_envelope(Decoder& in) {
  Envelope envelope;
  envelope.reverse_path = in.octets();
  envelope.account = AccountId{in.u64()};
  envelope.envid = in.octets();
  envelope.ret = static_cast<Ret>(in.u8());
  const auto flags = in.u8();
  envelope.eight_bit = (flags & kEightBit) != 0;
  envelope.smtputf8 = (flags & kSmtpUtf8) != 0;
  envelope.arrived = decode_time(in.u64());
  envelope.octets = in.u64();
  envelope.message_id = in.octets();
  return envelope;
}

void encode_recipient(Encoder& out, const Recipient& recipient) {
  out.octets(recipient.address).octets(recipient.original).u8(recipient.notify);
  out.u8(static_cast<std::uint8_t>(recipient.state)).varint(recipient.attempts);
  out.u64(encode_time(recipient.next_attempt)).u64(encode_time(recipient.lease_until));
  out.octets(recipient.route).octets(recipient.reply).octets(recipient.status);
  out.u64(encode_time(recipient.finished));
  out.u8(bit(recipient.delay_notified, kDelayNotified) | bit(recipient.dsn_done, kDsnDone));
}

Recipient decode_recipient(Decoder& in) {
  Recipient recipient;
  recipient.address = in.octets();
  recipient.original = in.octets();
  recipient.notify = in.u8();
  recipient.state = static_cast<State>(in.u8());
  recipient.attempts = static_cast<std::uint32_t>(in.varint());
  recipient.next_attempt = decode_time(in.u64());
  recipient.lease_until = decode_time(in.u64());
  recipient.route = in.octets();
  recipient.reply = in.octets();
  recipient.status = in.octets();
  recipient.finished = decode_time(in.u64());
  const auto flags = in.u8();
  recipient.delay_notified = (flags & kDelayNotified) != 0;
  recipient.dsn_done = (flags & kDsnDone) != 0;
  return recipient;
}

}  // namespace

std::vector<std::string> table_names() {
  return {"counters", "entries", "due", "bodies", "unreported", "pauses", "damaged"};
}

std::string entry_key(QueueId id) { return Encoder().u64(id.value).str(); }

Result<QueueId> decode_entry_key(std::string_view key) {
  Decoder in(key);
  const QueueId id{in.u64()};
  TRY(in.finish("queue key"));
  return id;
}

std::string chunk_key(QueueId id, std::uint32_t number) { return Encoder().u64(id.value).u32(number).str(); }
// A time before 1970 is due at once: negative numbers would sort last.
std::string due_key(UnixTime time, QueueId id) {
  return Encoder().u64(time < 0 ? 0 : static_cast<std::uint64_t>(time)).u64(id.value).str();
}

Result<Due> decode_due_key(std::string_view key) {
  Decoder in(key);
  Due due;
  due.time = decode_time(in.u64());
  due.id = QueueId{in.u64()};
  TRY(in.finish("queue due key"));
  return due;
}

std::string encode_number(std::string_view key, std::uint64_t value) {
  return body::seal(Encoder().u64(value).str(), key);
}

Result<std::uint64_t> decode_number(std::string_view key, std::string_view stored) {
  TRY_ASSIGN(const auto record, open_record("counter", stored, key));
  Decoder in(record);
  const auto value = in.u64();
  TRY(in.finish("queue counter"));
  return value;
}

std::string new_delivery_id() { return crypto::random_octets(base::kDeliveryIdOctets); }

std::string encode_entry(const Entry& entry) {
  Encoder out;
  out.u32(entry.generation);
  encode_envelope(out, entry.envelope);
  out.varint(entry.recipients.size());
  for (const Recipient& recipient : entry.recipients) encode_recipient(out, recipient);
  if (!entry.delivery_id.empty()) out.raw(entry.delivery_id);
  return body::seal(out.str(), entry_key(entry.id));
}

Result<Entry> decode_entry(QueueId id, std::string_view stored) {
  TRY_ASSIGN(const auto record, open_record("entry " + std::to_string(id.value), stored, entry_key(id)));
  Decoder in(record);
  Entry entry;
  entry.id = id;
  entry.generation = in.u32();
  entry.envelope = decode_envelope(in);
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) entry.recipients.push_back(decode_recipient(in));
  if (!in.empty()) entry.delivery_id = in.raw(base::kDeliveryIdOctets);
  TRY(in.finish("queue entry " + std::to_string(id.value)));
  for (const Recipient& recipient : entry.recipients) {
    if (recipient.state > State::Held) {
      return Error{Errc::Corrupt, "queue entry " + std::to_string(id.value) + ": unknown recipient state"};
    }
  }
  return entry;
}

std::string encode_pause(const RoutePause& pause) {
  Encoder out;
  out.octets(pause.reason).u64(encode_time(pause.since)).u64(encode_time(pause.until)).u8(pause.by_operator ? 1 : 0);
  return body::seal(out.str(), pause.route);
}

Result<RoutePause> decode_pause(std::string_view route, std::string_view stored) {
  TRY_ASSIGN(const auto record, open_record("route pause", stored, route));
  Decoder in(record);
  RoutePause pause;
  pause.route = route;
  pause.reason = in.octets();
  pause.since = decode_time(in.u64());
  pause.until = decode_time(in.u64());
  pause.by_operator = in.u8() != 0;
  TRY(in.finish("route pause"));
  return pause;
}

}  // namespace hearthmail::store::queue
