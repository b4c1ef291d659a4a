// How many messages refer to each body. The mailboxes were read in different snapshots; a body whose count does not fit is
// judged in one: there, only the mailboxes that changed since (by their HIGHESTMODSEQ) are read again.
#include <algorithm>

#include "store/maintenance/check_mail.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Result;
using base::Status;
using mail::Blob;
using mail::MailboxId;
using mail::ModSeq;

namespace {

constexpr std::size_t kIdKey = 8, kMessageKey = 12;  // octets
// Each round has less to read again than the one before; the last one reads it all in one snapshot.
constexpr int kRounds = 8;

class ReferencesCheck {
 public:
  ReferencesCheck(Scan& scan, ReferredBy referred) : scan_(scan), referred_(std::move(referred)) {}

  Status run() {
    TRY(find_suspects());
    bool judged = suspects_.empty();
    for (int round = 1; !judged; ++round) {
      const bool last = round == kRounds;
      TRY_ASSIGN(judged, scan_.env().read([&](const ReadTxn& txn) { return judge(txn, last); }));
    }
    return base::ok();
  }

 private:
  // A first look over all bodies.
  Status find_suspects() {
    std::vector<std::uint64_t> all;
    for (const auto& [box, referred] : referred_) all.insert(all.end(), referred.blobs.begin(), referred.blobs.end());
    std::sort(all.begin(), all.end());
    const auto visit = [&](const ReadTxn&, const KeyValue& at) -> Result<Step> {
      if (at.key.size() != kIdKey) return Step{};
      const auto blob = mail::decode_blob(at.key, at.value);
      if (!blob.ok()) return Step{};  // reported where it lies
      const auto number = mail::big_endian<std::uint64_t>(at.key, 0);
      const auto [first, last] = std::equal_range(all.begin(), all.end(), number);
      if (static_cast<std::uint64_t>(last - first) != blob->references) suspects_[number] = 0;
      return Step{};
    };
    return scan_.walk(mail::kBlobs, visit, true);
  }

  // True when all suspects could be judged in this snapshot.
  Result<bool> judge(const ReadTxn& txn, bool last) {
    const auto began = std::chrono::steady_clock::now();
    ReferredBy present;
    auto cursor = txn.cursor(mail::kMessages);
    TRY_ASSIGN(auto at, cursor.seek(""));
    bool complete = true;
    while (at) {
      if (at->key.size() < kIdKey) {
        TRY_ASSIGN(at, cursor.next());
        continue;
      }
      const auto box = mail::big_endian<std::uint64_t>(at->key, 0);
      complete = complete && (last || !scan_.over(began));
      TRY_ASSIGN(present[box], mailbox(txn, MailboxId{box}, complete));
      if (box == ~std::uint64_t{0}) break;
      TRY_ASSIGN(at, cursor.seek(mail::id_key(box + 1)));
    }
    referred_ = std::move(present);
    if (!complete) return false;
    for (auto& [number, count] : suspects_) count = 0;
    for (const auto& [box, referred] : referred_) {
      for (const std::uint64_t number : referred.blobs) {
        const auto suspect = suspects_.find(number);
        if (suspect != suspects_.end()) ++suspect->second;
      }
    }
    for (const auto& [number, count] : suspects_) TRY(compare(txn, number, count));
    return true;
  }

  // What the mailbox refers to in this snapshot; what is known of it when it has not changed or must not be `read`.
  Result<Referred> mailbox(const ReadTxn& txn, MailboxId box, bool read) {
    const auto known = referred_.find(box.value);
    const auto record = mail::load_record(txn, box);
    const ModSeq modseq = record.ok() ? record->highest_modseq : ModSeq{0};
    const bool same = known != referred_.end() && record.ok() && known->second.modseq == modseq;
    if (same || (!read && known != referred_.end())) return std::move(known->second);
    Referred referred;
    if (!read) return referred;  // MODSEQ 0: is read next time
    referred.modseq = modseq;
    auto cursor = txn.cursor(mail::kMessages);
    TRY_ASSIGN(auto at, cursor.seek(mail::id_key(box.value)));
    mail::Message message;
    while (at && at->key.starts_with(std::string_view(mail::id_key(box.value)))) {
      if (at->key.size() == kMessageKey && mail::decode_message(at->key, at->value, message).ok())
        referred.blobs.push_back(message.blob);
      TRY_ASSIGN(at, cursor.next());
    }
    return referred;
  }

  Status compare(const ReadTxn& txn, std::uint64_t number, std::uint64_t count) {
    const auto blob = mail::load_blob(txn, number);
    if (!blob.ok())
      return blob.error().code == Errc::NotFound || blob.error().code == Errc::Corrupt ? base::ok()
                                                                                       : Status(blob.error());
    if (blob->references == count) return base::ok();
    scan_.add(
        Problem::ReferencesWrong, mail::kBlobs, "body " + std::to_string(number),
        "it says " + std::to_string(blob->references) + ", and " + std::to_string(count) + " messages refer to it",
        mail::id_key(number));
    return base::ok();
  }

  Scan& scan_;
  ReferredBy referred_;
  std::map<std::uint64_t, std::uint64_t> suspects_;  // body, its messages
};

}  // namespace

Status check_references(Scan& scan, ReferredBy referred) { return ReferencesCheck(scan, std::move(referred)).run(); }

}  // namespace hearthmail::store::maintenance
