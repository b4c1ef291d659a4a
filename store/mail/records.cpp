#include "common/base/bytes.hpp"
#include "common/crypto/digest.hpp"
#include "store/body/body.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

// A key holds 511 octets: longer names are cut and told apart by a hash.
constexpr std::size_t kPlainName = 400;  // octets
constexpr std::uint8_t kWhole = 0, kHashed = 1;
constexpr std::size_t kModSeqOctets = 8;

// Small numbers of either sign in few octets: 0, -1, 1, -2 become 0, 1, 2, 3.
constexpr std::uint64_t fold(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unfold(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
}

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

}  // namespace

std::string name_key(AccountId account, std::string_view name) {
  Encoder key;
  key.u64(account.value);
  if (name.size() <= kPlainName) return key.u8(kWhole).raw(name).str();
  return key.u8(kHashed).raw(name.substr(0, kPlainName)).raw(crypto::sha256(name)).str();
}

std::string annotation_key(MailboxId box, AccountId owner, std::string_view name) {
  return Encoder().u64(box.value).u64(owner.value).raw(name).str();
}

Result<MailboxRecord> load_record(const ReadTxn& txn, MailboxId box) {
  const auto key = id_key(box.value);
  TRY_ASSIGN(const auto stored, txn.get(kMailboxes, key));
  if (!stored) return Error{Errc::NotFound, "no such mailbox"};
  return decode_record(key, *stored);
}

Result<MailboxRecord> decode_record(std::string_view key, std::string_view value) {
  TRY_ASSIGN(const std::string_view plain, body::unseal(value, key));
  Decoder in(plain);
  MailboxRecord record;
  record.id = MailboxId{big_endian<std::uint64_t>(key, 0)};
  record.account = AccountId{in.varint()};
  record.name = in.octets();
  record.special_use = static_cast<SpecialUse>(in.u8());
  record.uid_validity = in.u32();
  record.uid_next = in.u32();
  record.highest_modseq = ModSeq{in.u64()};
  record.messages = in.u32();
  record.unseen = in.u32();
  record.deleted = in.u32();
  record.recent_from = in.u32();
  record.octets = in.u64();
  record.log_from = ModSeq{in.u64()};
  record.log_entries = in.u32();
  // Records of the first days end here: what their log had trimmed was forgotten.
  const bool has_expunges = !in.empty();
  record.expunges_from = has_expunges ? ModSeq{in.u64()} : record.log_from;
  record.expunge_entries = has_expunges ? in.u32() : 0;
  TRY(in.finish("mailbox"));
  return record;
}

Status save_record(WriteTxn& txn, const MailboxRecord& record) {
  Encoder out;
  out.varint(record.account.value).octets(record.name).u8(static_cast<std::uint8_t>(record.special_use));
  out.u32(record.uid_validity).u32(record.uid_next).u64(record.highest_modseq.value);
  out.u32(record.messages).u32(record.unseen).u32(record.deleted).u32(record.recent_from).u64(record.octets);
  out.u64(record.log_from.value).u32(record.log_entries);
  out.u64(record.expunges_from.value).u32(record.expunge_entries);
  txn.notify(record.id.value);
  const auto key = id_key(record.id.value);
  return txn.put(kMailboxes, key, body::seal(out.str(), key));
}

void count_in(MailboxRecord& record, const Message& message) {
  record.messages += 1;
  record.unseen += (message.flags.system & kSeen) == 0 ? 1U : 0U;
  record.deleted += (message.flags.system & kDeleted) != 0 ? 1U : 0U;
  record.octets += message.octets;
}

void count_out(MailboxRecord& record, const Message& message) {
  record.messages -= 1;
  record.unseen -= (message.flags.system & kSeen) == 0 ? 1U : 0U;
  record.deleted -= (message.flags.system & kDeleted) != 0 ? 1U : 0U;
  record.octets -= message.octets;
}

void encode_message(const Message& message, std::string_view key, std::string& out) {
  out.assign(body::kSealOctets + kModSeqOctets, '\0');
  for (std::size_t i = 0; i < kModSeqOctets; ++i) {
    out[body::kSealOctets + i] = static_cast<char>(message.modseq.value >> (56 - 8 * i));
  }
  out.push_back(static_cast<char>(message.flags.system));
  append_varint(out, fold(message.internal_date));
  append_varint(out, fold(message.zone_minutes));
  append_varint(out, fold(message.save_date));
  append_varint(out, message.octets);
  append_varint(out, message.blob);
  append_varint(out, message.email.value);
  append_varint(out, message.flags.keywords.size());
  for (const KeywordId keyword : message.flags.keywords) append_varint(out, keyword);
  body::seal_in_place(out.data(), out.size(), key);
}

Status decode_message(std::string_view key, std::string_view value, Message& message) {
  TRY_ASSIGN(const std::string_view plain, body::unseal(value, key));
  Decoder in(plain);
  message.uid = uid_of(key);
  message.modseq = ModSeq{in.u64()};
  message.flags.system = in.u8();
  message.internal_date = unfold(in.varint());
  message.zone_minutes = static_cast<std::int16_t>(unfold(in.varint()));
  message.save_date = unfold(in.varint());
  message.octets = in.varint();
  message.blob = in.varint();
  message.email = EmailId{in.varint()};
  message.flags.keywords.clear();
  const std::uint64_t keywords = in.varint();
  for (std::uint64_t i = 0; i < keywords && in.ok(); ++i) {
    message.flags.keywords.push_back(static_cast<KeywordId>(in.varint()));
  }
  if (!in.ok()) return in.finish("message");
  return base::ok();
}

namespace {

// A counter that is missing starts at 1 only in a store that has nothing numbered by it: numbers are never given twice, and a
// body with the number of another one would be written over it.
Status check_unnumbered(const ReadTxn& txn, std::string_view counter) {
  const Table numbered = counter == "mailbox" ? kMailboxes : counter == "blob" ? kBlobs : kMessages;
  TRY_ASSIGN(const std::uint64_t entries, txn.entries(numbered));
  if (entries == 0) return base::ok();
  return Error{Errc::Corrupt, "the counter of the table " + std::string(kTableNames[numbered.index]) +
                                  " is missing; `hearthmail check --repair` makes it anew"};
}

}  // namespace

Result<std::uint64_t> next_number(WriteTxn& txn, std::string_view counter) {
  TRY_ASSIGN(const auto stored, txn.get(kCounters, counter));
  std::uint64_t last = 0;
  if (!stored) TRY(check_unnumbered(txn, counter));
  if (stored) {
    TRY_ASSIGN(const std::string_view plain, body::unseal(*stored, counter));
    Decoder in(plain);
    last = in.u64();
    TRY(in.finish("counter"));
  }
  TRY(txn.put(kCounters, counter, body::seal(Encoder().u64(last + 1).str(), counter)));
  return last + 1;
}

}  // namespace hearthmail::store::mail
