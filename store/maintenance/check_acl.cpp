// Access lists and their index by account. Both rows of an entry are written and removed together.
#include "store/maintenance/check_mail.hpp"

namespace hearthmail::store::maintenance {

using base::Result;
using base::Status;

namespace {

std::string account_in_words(const Names& names, std::uint64_t account) {
  const mail::AccountId id{account};
  return id == mail::kAnyone ? "anyone" : names.account(id);
}

class AclCheck {
 public:
  AclCheck(Scan& scan, const Names& names) : scan_(scan), names_(names) {}

  Status run() {
    TRY(scan_.walk(mail::kAcl, [this](const ReadTxn& txn, const KeyValue& at) { return entry(txn, at); }));
    return scan_.walk(mail::kAclMembers, [this](const ReadTxn& txn, const KeyValue& at) { return member(txn, at); });
  }

 private:
  static std::uint64_t number(const KeyValue& at, std::size_t offset) {
    return mail::big_endian<std::uint64_t>(at.key, offset);
  }
  std::string words(const ReadTxn& txn, std::uint64_t box, std::uint64_t account) const {
    return names_.mailbox(txn, mail::MailboxId{box}) + " for " + account_in_words(names_, account);
  }

  Result<Step> entry(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != mail::kPairKey) {
      scan_.add(Problem::BadKey, mail::kAcl, hex_key(at.key), "an entry's key has 16 octets", at.key);
      return Step{};
    }
    const std::string key = words(txn, number(at, 0), number(at, 8));
    TRY_ASSIGN(const auto box, txn.get(mail::kMailboxes, mail::id_key(number(at, 0))));
    if (!box) {
      scan_.add(Problem::Orphan, mail::kAcl, key, "its mailbox is not there", at.key);
      return Step{};
    }
    const auto read = mail::decode_acl(at.key, at.value);
    if (!read.ok()) scan_.add(Problem::BadRecord, mail::kAcl, key, read.error().text, at.key);
    TRY_ASSIGN(const auto row, txn.get(mail::kAclMembers, mail::pair_key(number(at, 8), number(at, 0))));
    if (!row) scan_.add(Problem::AclWrong, mail::kAcl, key, "it is not in the index by account", at.key);
    return Step{};
  }

  Result<Step> member(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != mail::kPairKey) {
      scan_.add(Problem::BadKey, mail::kAclMembers, hex_key(at.key), "a key of this index has 16 octets", at.key);
      return Step{};
    }
    TRY_ASSIGN(const auto row, txn.get(mail::kAcl, mail::pair_key(number(at, 8), number(at, 0))));
    if (!row) {
      scan_.add(Problem::AclWrong, mail::kAclMembers, words(txn, number(at, 8), number(at, 0)),
                "there is no such entry", at.key);
    }
    return Step{};
  }

  Scan& scan_;
  const Names& names_;
};

}  // namespace

Status check_acl(Scan& scan, const Names& names) { return AclCheck(scan, names).run(); }

}  // namespace hearthmail::store::maintenance
