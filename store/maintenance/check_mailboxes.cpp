// All mailboxes: records, names both ways, subscriptions, keywords, what belongs to none, and the counters.
#include <algorithm>
#include <set>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/body/body.hpp"
#include "store/maintenance/check_mailbox.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Result;
using base::Status;
using mail::AccountId;
using mail::MailboxId;
using mail::MailboxRecord;

namespace {

constexpr std::size_t kIdKey = 8;  // octets

class MailboxesCheck {
 public:
  MailboxesCheck(Scan& scan, const Names& names, ReferredBy& referred)
      : scan_(scan), names_(names), referred_(referred) {}

  Status run() {
    using mail::kChanges, mail::kExpunges, mail::kMessages;
    TRY(scan_.walk(mail::kAccounts, [this](const ReadTxn&, const KeyValue& at) { return account(at); }));
    TRY(scan_.walk(mail::kMailboxes, [this](const ReadTxn& txn, const KeyValue& at) { return mailbox(txn, at); }));
    TRY(scan_.walk(mail::kNames, [this](const ReadTxn& txn, const KeyValue& at) { return name(txn, at); }));
    TRY(scan_.walk(mail::kSubscriptions, [this](const ReadTxn&, const KeyValue& at) { return subscription(at); }));
    TRY(scan_.walk(mail::kKeywords, [this](const ReadTxn& txn, const KeyValue& at) { return keywords(txn, at); }));
    TRY(scan_.walk(mail::kMetadata, [this](const ReadTxn& txn, const KeyValue& at) { return annotation(txn, at); }));
    for (const MailboxId box : boxes_) TRY(MailboxCheck(scan_, names_, box, referred_, highest_email_).run());
    for (const Table table : {kMessages, kChanges, kExpunges}) {
      TRY(scan_.walk(
          table, [this, table](const ReadTxn& txn, const KeyValue& at) { return strays(txn, at, table); }, true));
    }
    for (const std::uint64_t id : unknown_)
      scan_.note("the mail of " + names_.account(AccountId{id}) +
                 ", which was removed, is still there (`hearthmail user purge " + std::to_string(id) + "`)");
    return counters();
  }

 private:
  bool bad_id(Table table, const KeyValue& at) {
    if (at.key.size() == kIdKey) return false;
    scan_.add(Problem::BadKey, table, hex_key(at.key), "a number has 8 octets", at.key);
    return true;
  }

  Result<Step> account(const KeyValue& at) {
    if (bad_id(mail::kAccounts, at)) return Step{};
    const AccountId id{mail::big_endian<std::uint64_t>(at.key, 0)};
    const auto plain = body::unseal(at.value, at.key);
    base::Decoder in(plain.ok() ? *plain : std::string_view());
    in.u32();
    if (!plain.ok() || !in.ok())
      scan_.add(Problem::BadRecord, mail::kAccounts, names_.account(id),
                plain.ok() ? "its record is too short" : plain.error().text, at.key);
    return Step{};
  }

  Result<Step> mailbox(const ReadTxn& txn, const KeyValue& at) {
    if (bad_id(mail::kMailboxes, at)) return Step{};
    const MailboxId box{mail::big_endian<std::uint64_t>(at.key, 0)};
    boxes_.push_back(box);
    const auto record = mail::decode_record(at.key, at.value);
    if (!record.ok()) {
      scan_.add(Problem::BadRecord, mail::kMailboxes, "mailbox " + std::to_string(box.value), record.error().text,
                at.key);
      return Step{};
    }
    if (!names_.known(record->account)) unknown_.insert(record->account.value);
    const std::string key = names_.mailbox(txn, box);
    TRY(named(txn, *record, key, at.key));
    TRY(uid_validity(txn, *record, key, at.key));
    return Step{};
  }

  Status named(const ReadTxn& txn, const MailboxRecord& record, const std::string& key, std::string_view raw) {
    const std::string name_key = mail::name_key(record.account, record.name);
    TRY_ASSIGN(const auto stored, txn.get(mail::kNames, name_key));
    if (!stored) {
      scan_.add(Problem::MailboxUnnamed, mail::kMailboxes, key, "no name leads to it", raw);
      return base::ok();
    }
    const auto plain = body::unseal(*stored, name_key);
    if (!plain.ok()) return base::ok();  // reported where it lies
    const std::uint64_t other = base::Decoder(*plain).u64();
    if (other != record.id.value)
      scan_.add(Problem::MailboxUnnamed, mail::kMailboxes, key, "its name leads to mailbox " + std::to_string(other),
                raw);
    return base::ok();
  }

  Status uid_validity(const ReadTxn& txn, const MailboxRecord& record, const std::string& key, std::string_view raw) {
    const auto account = mail::id_key(record.account.value);
    TRY_ASSIGN(const auto stored, txn.get(mail::kAccounts, account));
    const auto plain = stored ? body::unseal(*stored, account) : Result<std::string_view>(std::string_view());
    if (!plain.ok()) return base::ok();  // reported where it lies
    const std::uint32_t last = base::Decoder(*plain).u32();
    if (last < record.uid_validity)
      scan_.add(Problem::UidValidityLow, mail::kAccounts, key,
                "its UIDVALIDITY is " + std::to_string(record.uid_validity) + ", and the account's last one " +
                    std::to_string(last),
                raw);
    return base::ok();
  }

  std::string name_of(std::string_view key) const {
    if (key.size() < kIdKey + 2) return hex_key(key);
    return names_.account(AccountId{mail::big_endian<std::uint64_t>(key, 0)}) + " " +
           base::printable(key.substr(kIdKey + 1));
  }

  Result<Step> name(const ReadTxn& txn, const KeyValue& at) {
    const auto plain = body::unseal(at.value, at.key);
    base::Decoder in(plain.ok() ? *plain : std::string_view());
    const MailboxId box{in.u64()};
    if (!plain.ok() || !in.ok()) {
      scan_.add(Problem::BadRecord, mail::kNames, name_of(at.key),
                plain.ok() ? "its record is too short" : plain.error().text, at.key);
      return Step{};
    }
    const auto record = mail::load_record(txn, box);
    if (!record.ok() && record.error().code == Errc::NotFound) {
      scan_.add(Problem::NameWrong, mail::kNames, name_of(at.key),
                "it leads to mailbox " + std::to_string(box.value) + ", which is not there", at.key);
    } else if (record.ok() && mail::name_key(record->account, record->name) != at.key) {
      scan_.add(Problem::NameWrong, mail::kNames, name_of(at.key),
                "it leads to a mailbox that is called " + base::printable(record->name), at.key);
    }
    return Step{};
  }

  Result<Step> subscription(const KeyValue& at) {
    const auto name = body::unseal(at.value, at.key);
    const bool fits = name.ok() && at.key.size() >= kIdKey &&
                      mail::name_key(AccountId{mail::big_endian<std::uint64_t>(at.key, 0)}, *name) == at.key;
    if (!fits)
      scan_.add(Problem::BadRecord, mail::kSubscriptions, name_of(at.key),
                name.ok() ? "its key is of another name" : name.error().text, at.key);
    return Step{};
  }

  Result<Step> keywords(const ReadTxn& txn, const KeyValue& at) {
    if (bad_id(mail::kKeywords, at)) return Step{};
    const MailboxId box{mail::big_endian<std::uint64_t>(at.key, 0)};
    const auto words = mail::keywords(txn, box);
    if (!words.ok())
      scan_.add(Problem::BadRecord, mail::kKeywords, names_.mailbox(txn, box), words.error().text, at.key);
    TRY_ASSIGN(const auto owner, txn.get(mail::kMailboxes, at.key));
    if (!owner)
      scan_.add(Problem::Orphan, mail::kKeywords, "mailbox " + std::to_string(box.value), "there is no such mailbox",
                at.key);
    return Step{};
  }

  // An annotation of a mailbox, or (mailbox 0) of the server.
  Result<Step> annotation(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() <= 2 * kIdKey) {
      scan_.add(Problem::BadKey, mail::kMetadata, hex_key(at.key), "the key is too short", at.key);
      return Step{};
    }
    const MailboxId box{mail::big_endian<std::uint64_t>(at.key, 0)};
    const std::string of = box.value == 0 ? "server" : names_.mailbox(txn, box);
    const std::string key = of + " " + base::printable(at.key.substr(2 * kIdKey));
    const auto value = body::unseal(at.value, at.key);
    if (!value.ok()) scan_.add(Problem::BadRecord, mail::kMetadata, key, value.error().text, at.key);
    if (box.value == 0) return Step{};
    TRY_ASSIGN(const auto owner, txn.get(mail::kMailboxes, at.key.substr(0, kIdKey)));
    if (owner) return Step{};
    scan_.add(Problem::Orphan, mail::kMetadata, key, "there is no such mailbox", at.key.substr(0, kIdKey));
    return Step{std::string(std::string_view(mail::id_key(box.value + 1)))};
  }

  // Records of mailboxes that are not there: looks at the first one of each mailbox and jumps to the next mailbox.
  Result<Step> strays(const ReadTxn& txn, const KeyValue& at, Table table) {
    if (at.key.size() < kIdKey) {
      scan_.add(Problem::BadKey, table, hex_key(at.key), "the key is too short", at.key);
      return Step{};
    }
    const std::uint64_t box = mail::big_endian<std::uint64_t>(at.key, 0);
    TRY_ASSIGN(const auto owner, txn.get(mail::kMailboxes, at.key.substr(0, kIdKey)));
    if (!owner) {
      scan_.add(Problem::Orphan, table, "mailbox " + std::to_string(box), "there is no such mailbox",
                at.key.substr(0, kIdKey));
    }
    if (box == ~std::uint64_t{0}) return Step{};
    return Step{std::string(std::string_view(mail::id_key(box + 1)))};
  }

  // Last: a counter only grows, so one that is read later is over every number seen before.
  Status counters() {
    highest_["mailbox"] = boxes_.empty() ? 0 : boxes_.back().value;
    highest_["email"] = highest_email_;
    TRY_ASSIGN(highest_["blob"], scan_.env().read([](const ReadTxn& txn) -> Result<std::uint64_t> {
      auto cursor = txn.cursor(mail::kBlobs);
      TRY_ASSIGN(const auto last, cursor.last());
      return last && last->key.size() == kIdKey ? mail::big_endian<std::uint64_t>(last->key, 0) : 0;
    }));
    TRY(scan_.walk(mail::kCounters, [this](const ReadTxn&, const KeyValue& at) { return counter(at); }));
    for (const auto& [name, highest] : highest_) {
      if (highest == 0) continue;
      scan_.add(Problem::CounterBehind, mail::kCounters, name,
                "it is missing or under " + std::to_string(highest) + ", which is given", name);
    }
    return base::ok();
  }

  Result<Step> counter(const KeyValue& at) {
    const auto plain = body::unseal(at.value, at.key);
    base::Decoder in(plain.ok() ? *plain : std::string_view());
    const std::uint64_t number = in.u64();
    const auto wanted = highest_.find(std::string(at.key));
    if (!plain.ok() || !in.ok()) {
      scan_.add(Problem::BadRecord, mail::kCounters, quoted(at.key),
                plain.ok() ? "its record is too short" : plain.error().text, at.key);
      highest_.erase(std::string(at.key));
    } else if (wanted != highest_.end() && wanted->second <= number) {
      highest_.erase(wanted);
    }
    return Step{};
  }

  Scan& scan_;
  const Names& names_;
  ReferredBy& referred_;
  std::vector<MailboxId> boxes_;
  std::set<std::uint64_t> unknown_;  // accounts that have mail and are not in the accounts environment
  std::uint64_t highest_email_ = 0;
  std::map<std::string, std::uint64_t> highest_;  // numbers seen, by counter; those that fit go
};

}  // namespace

Status check_mailboxes(Scan& scan, const Names& names, ReferredBy& referred) {
  return MailboxesCheck(scan, names, referred).run();
}

}  // namespace hearthmail::store::maintenance
