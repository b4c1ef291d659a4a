#include "store/maintenance/repair.hpp"

#include <filesystem>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/body/body.hpp"
#include "store/maintenance/files.hpp"
#include "store/maintenance/repair_steps.hpp"
#include "store/maintenance/scan.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Result;
using base::Status;
using lmdb::WriteTxn;

Result<std::string> Quarantine::keep(const std::string& what, std::string_view octets) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(directory_).parent_path(), failed);
  TRY(make_directory(directory_));
  std::string safe;
  for (const char c : what) safe += base::is_alnum(c) || c == '.' || c == '@' ? c : '-';
  std::string path;
  do {
    path = directory_ + "/" + std::to_string(next_++) + "-" + safe.substr(0, 120);
  } while (exists(path));
  TRY(write_durably(path, octets));
  return path;
}

Status set_prefix_aside(lmdb::Env& env, lmdb::Table table, const Finding& finding, Quarantine& quarantine) {
  if (finding.raw_key.empty()) return base::Error{Errc::Internal, "a finding without a key"};  // would mean all records
  // "key octets, value octets" of each, as octets fields.
  TRY_ASSIGN(const std::string records, env.read([&](const ReadTxn& txn) -> Result<std::string> {
    base::Encoder out;
    auto cursor = txn.cursor(table);
    TRY_ASSIGN(auto at, cursor.seek(finding.raw_key));
    while (at && at->key.starts_with(finding.raw_key)) {
      out.octets(at->key).octets(at->value);
      TRY_ASSIGN(at, cursor.next());
    }
    return out.str();
  }));
  TRY(quarantine.keep(finding.environment + " " + finding.table + " " + finding.key, records));
  TRY(env.write([&](WriteTxn& txn) { return txn.erase_prefix(table, finding.raw_key); }));
  return base::ok();
}

Status set_record_aside(lmdb::Env& env, lmdb::Table table, const Finding& finding, Quarantine& quarantine) {
  TRY_ASSIGN(const std::string record, env.read([&](const ReadTxn& txn) -> Result<std::string> {
    TRY_ASSIGN(const auto stored, txn.get(table, finding.raw_key));
    return std::string(stored.value_or(""));
  }));
  TRY(quarantine.keep(finding.environment + " " + finding.table + " " + finding.key, record));
  TRY(env.write([&](WriteTxn& txn) { return txn.erase(table, finding.raw_key); }));
  return base::ok();
}

Status raise_counter(lmdb::Env& env, lmdb::Table table, const std::string& name, std::uint64_t least) {
  return env.write([&](WriteTxn& txn) -> Status {
    TRY_ASSIGN(const auto stored, txn.get(table, name));
    const auto plain = stored ? body::unseal(*stored, name) : Result<std::string_view>(std::string_view());
    const std::uint64_t present = plain.ok() ? base::Decoder(*plain).u64() : 0;
    if (present >= least && plain.ok() && stored) return base::ok();
    return txn.put(table, name, body::seal(base::Encoder().u64(std::max(present, least)).str(), name));
  });
}

namespace {

Mended mend(const Opened& stores, const Finding& finding, Quarantine& quarantine) {
  if (finding.environment == "accounts" && stores.accounts != nullptr)
    return mend_accounts(*stores.accounts, finding, quarantine);
  if (finding.environment == "mail" && stores.mail != nullptr) return mend_mail(*stores.mail, finding, quarantine);
  if (finding.environment == "queue" && stores.queue != nullptr) return mend_queue(*stores.queue, finding, quarantine);
  return false;
}

}  // namespace

Result<Repaired> repair(const Opened& stores, const Report& report, const std::string& quarantine,
                        const std::function<void(const std::string&)>& say) {
  Repaired repaired;
  Quarantine files(quarantine);
  for (const Finding& finding : report.findings) {
    const std::string what =
        finding.environment + " " + finding.table + ": " + finding.key + ": " + std::string(name(finding.problem));
    const auto mended = mend(stores, finding, files);
    if (!mended.ok() && mended.error().code != Errc::Corrupt && mended.error().code != Errc::NotFound)
      return mended.error();
    if (mended.ok() && *mended) {
      ++repaired.done;
      say("repaired: " + what);
    } else {
      ++repaired.left;
      say("left as it is: " + what + (mended.ok() ? "" : " (" + mended.error().text + ")"));
    }
  }
  return repaired;
}

}  // namespace hearthmail::store::maintenance
