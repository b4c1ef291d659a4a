// Repair of the mail environment.
#include <algorithm>
#include <map>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/mime/summary.hpp"
#include "store/body/body.hpp"
#include "store/mail/deliveries.hpp"
#include "store/maintenance/check_mail.hpp"
#include "store/maintenance/repair_steps.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using lmdb::WriteTxn;
using mail::MailboxId;
using mail::MailboxRecord;
using mail::Message;
using mail::ModSeq;
using mail::Uid;

namespace {

Table table_of(const Finding& finding) {
  const auto at = std::find(mail::kTableNames.begin(), mail::kTableNames.end(), finding.table);
  return Table{static_cast<std::uint32_t>(at - mail::kTableNames.begin())};
}

std::uint64_t id_in(const Finding& finding) {
  return finding.raw_key.size() >= 8 ? mail::big_endian<std::uint64_t>(finding.raw_key, 0) : 0;
}

std::uint64_t last_number(const ReadTxn& txn, Table table) {
  auto cursor = txn.cursor(table);
  const auto last = cursor.last();
  return last.ok() && *last && (*last)->key.size() >= 8 ? mail::big_endian<std::uint64_t>((*last)->key, 0) : 0;
}

// All counters, from the greatest numbers that are there.
Status raise_counters(mail::Store& store) {
  std::uint64_t email = 0, mailbox = 0, blob = 0;
  TRY(store.env().read([&](const ReadTxn& txn) -> Status {
    mailbox = std::max(last_number(txn, mail::kMailboxes), last_number(txn, mail::kMessages));
    blob = std::max(last_number(txn, mail::kBlobs), last_number(txn, mail::kChunks));
    auto cursor = txn.cursor(mail::kMessages);
    TRY_ASSIGN(auto at, cursor.seek(""));
    Message message;
    while (at) {
      if (at->key.size() == 12 && mail::decode_message(at->key, at->value, message).ok())
        email = std::max(email, message.email.value);
      TRY_ASSIGN(at, cursor.next());
    }
    return base::ok();
  }));
  TRY(raise_counter(store.env(), mail::kCounters, "mailbox", mailbox));
  TRY(raise_counter(store.env(), mail::kCounters, "blob", blob));
  return raise_counter(store.env(), mail::kCounters, "email", email);
}

// A message that cannot be read, or whose body is not there, leaves its mailbox; sessions learn of it as of an expunge.
Status drop_message(mail::Store& store, const Finding& finding, Quarantine& quarantine) {
  TRY(set_record_aside(store.env(), mail::kMessages, finding, quarantine));
  const MailboxId box{id_in(finding)};
  return store.env().write([&](WriteTxn& txn) -> Status {
    TRY_ASSIGN(auto record, mail::load_record(txn, box));
    record.highest_modseq.value += 1;
    TRY(mail::log_change(txn, record, mail::ChangeKind::Expunged, {mail::uid_of(finding.raw_key)}));
    TRY(mail::save_record(txn, record));
    return recount(txn, box);
  });
}

// How many messages have the body: read anew in the transaction that writes it.
Status count_references(mail::Store& store, std::uint64_t number, Quarantine& quarantine) {
  std::uint64_t count = 0;
  const auto mend = [&](WriteTxn& txn, bool drop_last) -> Result<bool> {
    count = 0;
    auto cursor = txn.cursor(mail::kMessages);
    TRY_ASSIGN(auto at, cursor.seek(""));
    Message message;
    while (at) {
      if (at->key.size() == 12 && mail::decode_message(at->key, at->value, message).ok() && message.blob == number)
        ++count;
      TRY_ASSIGN(at, cursor.next());
    }
    if (count == 0 && !drop_last) return false;
    TRY_ASSIGN(const auto blob, mail::load_blob(txn, number));
    TRY(mail::set_references(txn, number, blob, count));
    return true;
  };
  TRY_ASSIGN(const bool done, store.env().write([&](WriteTxn& txn) { return mend(txn, false); }));
  if (done) return base::ok();
  // No message has it any more: its octets go to a file before it becomes garbage.
  const auto octets =
      store.env().read([&](const ReadTxn& txn) { return mail::read_body(txn, number, 0, ~std::uint64_t{0}); });
  if (octets.ok()) TRY(quarantine.keep("body " + std::to_string(number) + ".eml", *octets));
  TRY(store.env().write([&](WriteTxn& txn) { return mend(txn, true); }));
  return base::ok();
}

Status rebuild_summary(mail::Store& store, std::uint64_t number) {
  TRY_ASSIGN(const std::string octets,
             store.env().read([&](const ReadTxn& txn) { return mail::read_body(txn, number, 0, ~std::uint64_t{0}); }));
  const std::string summary = mime::encode(mime::summarize(octets, mime::index_message(octets)));
  return store.env().write([&](WriteTxn& txn) -> Status {
    TRY(mail::load_blob(txn, number));
    const auto key = mail::id_key(number);
    return txn.put(mail::kSummaries, key, body::seal(summary, key));
  });
}

Status rewrite_garbage(mail::Store& store, const Finding& finding) {
  return store.env().write([&](WriteTxn& txn) -> Status {
    if (finding.table == "garbage")
      return txn.erase(mail::kGarbage, finding.raw_key).ok() ? base::ok()
                                                             : Status(Error{Errc::Unavailable, "cannot erase a row"});
    TRY_ASSIGN(auto blob, mail::load_blob(txn, id_in(finding)));
    blob.dropped = 0;
    return mail::set_references(txn, id_in(finding), blob, blob.references);
  });
}

// A note that cannot be read still says by its key that the message was delivered: it stays, as of now. Rows of the index
// follow from the notes.
Status renote_delivery(mail::Store& store, const Finding& finding) {
  return store.env().write([&](WriteTxn& txn) -> Status {
    if (finding.table == "delivery_times") {
      TRY(txn.erase(mail::kDeliveryTimes, finding.raw_key));
      return base::ok();
    }
    const std::string& key = finding.raw_key;
    TRY_ASSIGN(const auto stored, txn.get(mail::kDeliveries, key));
    const auto noted = stored ? mail::decode_delivery(key, *stored) : base::Error{Errc::NotFound, "forgotten"};
    if (noted.ok()) return txn.put(mail::kDeliveryTimes, mail::delivery_time_key(*noted, key), "");
    if (noted.error().code != Errc::Corrupt) return base::ok();
    const base::UnixTime now = base::Clock::system().now();
    const mail::AccountId account{mail::big_endian<std::uint64_t>(key, base::kDeliveryIdOctets)};
    return mail::note_delivered(txn, std::string_view(key).substr(0, base::kDeliveryIdOctets), account, now);
  });
}

Status put_name(mail::Store& store, MailboxId box) {
  return store.env().write([&](WriteTxn& txn) -> Status {
    TRY_ASSIGN(auto record, mail::load_record(txn, box));
    const auto put = [&](const std::string& name) {
      const std::string key = mail::name_key(record.account, name);
      return txn.put(mail::kNames, key, body::seal(base::Encoder().u64(box.value).str(), key));
    };
    const auto taken = mail::find_mailbox(txn, record.account, record.name);
    if (!taken.ok() || taken->id == box) return put(record.name);
    record.name = "Recovered-" + std::to_string(box.value);  // another mailbox has the name
    TRY(mail::save_record(txn, record));
    return put(record.name);
  });
}

// Names for every keyword id that a message of the mailbox has.
Status name_keywords(mail::Store& store, MailboxId box) {
  return store.env().write([&](WriteTxn& txn) -> Status {
    std::size_t wanted = 0;
    TRY(mail::scan_messages(txn, box, Uid{1}, Uid{0xFFFFFFFF}, [&](const Message& message) {
      if (!message.flags.keywords.empty()) wanted = std::max<std::size_t>(wanted, message.flags.keywords.back() + 1U);
      return true;
    }));
    const auto known = mail::keywords(txn, box);
    std::vector<std::string> names = known.ok() ? *known : std::vector<std::string>();
    while (names.size() < wanted) names.push_back("Lost-" + std::to_string(names.size()));
    base::Encoder out;
    out.varint(names.size());
    for (const std::string& name : names) out.octets(name);
    const auto key = mail::id_key(box.value);
    return txn.put(mail::kKeywords, key, body::seal(out.str(), key));
  });
}

Status fit_size(mail::Store& store, const Finding& finding) {
  return store.env().write([&](WriteTxn& txn) -> Status {
    const MailboxId box{id_in(finding)};
    TRY_ASSIGN(auto message, mail::find_message(txn, box, mail::uid_of(finding.raw_key)));
    if (!message) return base::ok();
    TRY_ASSIGN(const auto blob, mail::load_blob(txn, message->blob));
    message->octets = blob.octets;
    std::string value;
    mail::encode_message(*message, finding.raw_key, value);
    TRY(txn.put(mail::kMessages, finding.raw_key, value));
    return recount(txn, box);
  });
}

Status fit_uid_validity(mail::Store& store, MailboxId box) {
  return store.env().write([&](WriteTxn& txn) -> Status {
    TRY_ASSIGN(const auto record, mail::load_record(txn, box));
    const auto key = mail::id_key(record.account.value);
    return txn.put(mail::kAccounts, key, body::seal(base::Encoder().u32(record.uid_validity).str(), key));
  });
}

Status fit_hash(mail::Store& store, const Finding& finding, Quarantine& quarantine) {
  if (finding.table == "blob_ids") return set_record_aside(store.env(), mail::kBlobIds, finding, quarantine);
  return store.env().write([&](WriteTxn& txn) -> Status {
    TRY_ASSIGN(const auto blob, mail::load_blob(txn, id_in(finding)));
    return mail::save_blob_id(txn, blob.id, id_in(finding));
  });
}

Mended mend_record(mail::Store& store, const Finding& finding, Quarantine& quarantine) {
  const MailboxId box{id_in(finding)};
  switch (table_of(finding).index) {
    case mail::kCounters.index: TRY(raise_counters(store)); return true;
    case mail::kMessages.index: TRY(drop_message(store, finding, quarantine)); return true;
    case mail::kKeywords.index:
      TRY(set_record_aside(store.env(), mail::kKeywords, finding, quarantine));
      TRY(name_keywords(store, box));
      return true;
    case mail::kChanges.index:
    case mail::kExpunges.index:
      TRY(set_record_aside(store.env(), table_of(finding), finding, quarantine));
      TRY(store.env().write([&](WriteTxn& txn) { return recount(txn, box); }));
      return true;
    case mail::kNames.index:
    case mail::kSubscriptions.index:
    case mail::kMetadata.index:
    case mail::kBlobIds.index: TRY(set_record_aside(store.env(), table_of(finding), finding, quarantine)); return true;
    case mail::kDeliveries.index: TRY(renote_delivery(store, finding)); return true;
    default: return false;  // an account's UIDVALIDITY, a mailbox, a body: only a backup knows what they said
  }
}

}  // namespace

Status recount(mail::WriteTxn& txn, MailboxId box) {
  TRY_ASSIGN(MailboxRecord record, mail::load_record(txn, box));
  MailboxRecord tally;
  std::uint64_t highest_modseq = record.highest_modseq.value;
  Uid highest{0};
  TRY(mail::scan_messages(txn, box, Uid{1}, Uid{0xFFFFFFFF}, [&](const Message& message) {
    mail::count_in(tally, message);
    highest = message.uid;
    highest_modseq = std::max(highest_modseq, message.modseq.value);
    return true;
  }));
  TRY_ASSIGN(const auto uids, mail::list_uids(txn, box));  // with those that are damaged
  if (!uids.empty()) highest = std::max(highest, uids.back());
  record.messages = static_cast<std::uint32_t>(uids.size());
  record.unseen = tally.unseen;
  record.deleted = tally.deleted;
  record.octets = tally.octets;
  record.uid_next = std::max(record.uid_next, highest.value + 1);
  record.recent_from = std::min(record.recent_from, record.uid_next);
  // The logs begin anew: a mail program that was here before compares with what is there.
  const auto prefix = mail::id_key(box.value);
  for (const Table table : {mail::kChanges, mail::kExpunges}) {
    auto cursor = txn.cursor(table);
    TRY_ASSIGN(auto at, cursor.seek(prefix));
    while (at && at->key.starts_with(std::string_view(prefix))) {
      if (at->key.size() == 16) highest_modseq = std::max(highest_modseq, mail::big_endian<std::uint64_t>(at->key, 8));
      const auto change = mail::decode_change(at->key, at->value);
      if (change.ok() && !change->uids.empty())
        record.uid_next = std::max(record.uid_next, change->uids.back().last.value + 1);
      TRY_ASSIGN(at, cursor.next());
    }
  }
  TRY(txn.erase_prefix(mail::kChanges, prefix));
  TRY(txn.erase_prefix(mail::kExpunges, prefix));
  record.highest_modseq = ModSeq{highest_modseq + 1};
  record.log_from = record.expunges_from = record.highest_modseq;
  record.log_entries = record.expunge_entries = 0;
  return mail::save_record(txn, record);
}

Mended mend_mail(mail::Store& store, const Finding& finding, Quarantine& quarantine) {
  const MailboxId box{id_in(finding)};
  const bool acl = finding.table == "acl" || finding.table == "acl_members";
  if (acl && finding.problem != Problem::BadKey) return mend_acl(store, finding, quarantine);
  switch (finding.problem) {
    case Problem::BadRecord: return mend_record(store, finding, quarantine);
    case Problem::BadKey: TRY(set_record_aside(store.env(), table_of(finding), finding, quarantine)); return true;
    case Problem::Orphan: TRY(set_prefix_aside(store.env(), table_of(finding), finding, quarantine)); return true;
    case Problem::CounterBehind: TRY(raise_counters(store)); return true;
    case Problem::NameWrong: TRY(set_record_aside(store.env(), mail::kNames, finding, quarantine)); return true;
    case Problem::MailboxUnnamed: TRY(put_name(store, box)); return true;
    case Problem::UidValidityLow: TRY(fit_uid_validity(store, box)); return true;
    case Problem::KeywordUnknown: TRY(name_keywords(store, box)); return true;
    case Problem::SizeWrong: TRY(fit_size(store, finding)); return true;
    case Problem::BodyMissing: TRY(drop_message(store, finding, quarantine)); return true;
    case Problem::BodyNumberWrong: TRY(fit_hash(store, finding, quarantine)); return true;
    case Problem::SummaryDamaged: TRY(rebuild_summary(store, id_in(finding))); return true;
    case Problem::ReferencesWrong: TRY(count_references(store, id_in(finding), quarantine)); return true;
    case Problem::GarbageWrong: TRY(rewrite_garbage(store, finding)); return true;
    case Problem::DeliveryWrong: TRY(renote_delivery(store, finding)); return true;
    case Problem::CountsWrong:
    case Problem::UidNextLow:
    case Problem::ModSeqLow:
    case Problem::LogWrong: TRY(store.env().write([&](WriteTxn& txn) { return recount(txn, box); })); return true;
    default: return false;  // BodyDamaged: a backup heals it; until then it is refused and can still be looked at
  }
}

}  // namespace hearthmail::store::maintenance
