#include "store/body/body.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Result;

namespace {

constexpr std::uint32_t kFormatVersion = 3;  // FORMAT.md

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& directory, lmdb::Misplaced misplaced) {
  lmdb::EnvOptions options;
  options.tables.assign(kTableNames.begin(), kTableNames.end());
  options.format_version = kFormatVersion;
  options.schema = "mail";
  options.sealed = {kCounters, kAccounts, kMailboxes, kNames,    kSubscriptions, kKeywords, kMessages, kChanges,
                    kBlobIds,  kBlobs,    kSummaries, kExpunges, kDeliveries,    kAcl,      kMetadata};
  options.belongs = body::is_sealed;
  options.misplaced = misplaced;
  std::unique_ptr<Store> store(new Store());
  TRY_ASSIGN(store->env_, lmdb::Env::open(directory, std::move(options)));
  Feed* feed = &store->feed_;
  store->env_->on_committed([feed](std::span<const std::uint64_t> topics) { feed->publish(topics); });
  return store;
}

}  // namespace hearthmail::store::mail
