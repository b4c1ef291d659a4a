// Repair of access lists. In doubt nobody gets a right: an entry that cannot be read goes, and the owner gives it anew.
#include "store/maintenance/repair_steps.hpp"

namespace hearthmail::store::maintenance {

using base::Status;

namespace {

// The index follows from the entries.
Status reindex(lmdb::WriteTxn& txn, std::uint64_t box, std::uint64_t account) {
  const auto member = mail::pair_key(account, box);
  TRY_ASSIGN(const auto entry, txn.get(mail::kAcl, mail::pair_key(box, account)));
  if (entry) return txn.put(mail::kAclMembers, member, "");
  TRY(txn.erase(mail::kAclMembers, member));
  return base::ok();
}

}  // namespace

Mended mend_acl(mail::Store& store, const Finding& finding, Quarantine& quarantine) {
  if (finding.raw_key.size() != mail::kPairKey) return false;
  const bool entry = finding.table == "acl";
  const bool lost = finding.problem == Problem::BadRecord || finding.problem == Problem::Orphan;
  if (entry && lost) TRY(set_record_aside(store.env(), mail::kAcl, finding, quarantine));
  const auto first = mail::big_endian<std::uint64_t>(finding.raw_key, 0);
  const auto second = mail::big_endian<std::uint64_t>(finding.raw_key, 8);
  const auto mend = [&](lmdb::WriteTxn& txn) {
    return entry ? reindex(txn, first, second) : reindex(txn, second, first);
  };
  TRY(store.env().write(mend));
  return true;
}

}  // namespace hearthmail::store::maintenance
