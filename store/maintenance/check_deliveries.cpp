// The deliveries of our relay and their index by time. Both rows of one are written and removed together.
#include "common/base/text.hpp"
#include "store/maintenance/check_mail.hpp"

namespace hearthmail::store::maintenance {

using base::Result;
using base::Status;

namespace {

class DeliveriesCheck {
 public:
  DeliveriesCheck(Scan& scan, const Names& names) : scan_(scan), names_(names) {}

  Status run() {
    TRY(scan_.walk(mail::kDeliveries, [this](const ReadTxn& txn, const KeyValue& at) { return delivery(txn, at); }));
    return scan_.walk(mail::kDeliveryTimes, [this](const ReadTxn& txn, const KeyValue& at) { return time(txn, at); });
  }

 private:
  std::string words(std::string_view key) const {
    const mail::AccountId account{mail::big_endian<std::uint64_t>(key, base::kDeliveryIdOctets)};
    return "delivery " + base::hex(key.substr(0, base::kDeliveryIdOctets)) + " to " + names_.account(account);
  }

  Result<Step> delivery(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != mail::kDeliveryKey) {
      scan_.add(Problem::BadKey, mail::kDeliveries, hex_key(at.key), "a delivery's key has 24 octets", at.key);
      return Step{};
    }
    const auto noted = mail::decode_delivery(at.key, at.value);
    if (!noted.ok()) {
      scan_.add(Problem::BadRecord, mail::kDeliveries, words(at.key), noted.error().text, at.key);
      return Step{};
    }
    TRY_ASSIGN(const auto row, txn.get(mail::kDeliveryTimes, mail::delivery_time_key(*noted, at.key)));
    if (!row)
      scan_.add(Problem::DeliveryWrong, mail::kDeliveries, words(at.key), "it is not in the index by time", at.key);
    return Step{};
  }

  Result<Step> time(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != mail::kDeliveryTimeKey) {
      scan_.add(Problem::BadKey, mail::kDeliveryTimes, hex_key(at.key), "a key of this index has 32 octets", at.key);
      return Step{};
    }
    const auto key = at.key.substr(8);
    TRY_ASSIGN(const auto stored, txn.get(mail::kDeliveries, key));
    if (!stored) {
      scan_.add(Problem::DeliveryWrong, mail::kDeliveryTimes, words(key), "there is no such delivery", at.key);
      return Step{};
    }
    const auto noted = mail::decode_delivery(key, *stored);
    if (noted.ok() && *noted != mail::big_endian<std::uint64_t>(at.key, 0))
      scan_.add(Problem::DeliveryWrong, mail::kDeliveryTimes, words(key), "its time is another one", at.key);
    return Step{};
  }

  Scan& scan_;
  const Names& names_;
};

}  // namespace

Status check_deliveries(Scan& scan, const Names& names) { return DeliveriesCheck(scan, names).run(); }

}  // namespace hearthmail::store::maintenance
