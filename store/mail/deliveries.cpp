// What our relay has delivered: so that the same delivery, offered again, makes no second copy.
#include <algorithm>
#include <vector>

#include "common/base/bytes.hpp"
#include "store/body/body.hpp"
#include "store/mail/deliveries.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

std::uint64_t seconds(base::UnixTime time) { return static_cast<std::uint64_t>(std::max<base::UnixTime>(time, 0)); }

bool is_old(std::string_view time_key, base::UnixTime upto) {
  return time_key.size() != kDeliveryTimeKey || big_endian<std::uint64_t>(time_key, 0) <= seconds(upto);
}

// The first `most` rows of the index that are old enough.
Result<std::vector<std::string>> old_rows(const ReadTxn& txn, base::UnixTime upto, std::size_t most) {
  std::vector<std::string> rows;
  lmdb::Cursor cursor = txn.cursor(kDeliveryTimes);
  TRY_ASSIGN(auto at, cursor.seek(""));
  while (at && rows.size() < most && is_old(at->key, upto)) {
    rows.emplace_back(at->key);
    TRY_ASSIGN(at, cursor.next());
  }
  return rows;
}

}  // namespace

std::string delivery_key(std::string_view delivery, AccountId account) {
  return Encoder().raw(delivery).u64(account.value).str();
}

std::string delivery_time_key(std::uint64_t time, std::string_view key) { return Encoder().u64(time).raw(key).str(); }

Result<std::uint64_t> decode_delivery(std::string_view key, std::string_view value) {
  TRY_ASSIGN(const std::string_view plain, body::unseal(value, key));
  Decoder in(plain);
  const std::uint64_t time = in.u64();
  TRY(in.finish("delivery"));
  return time;
}

// The key says it all: its 128 random bits are nobody else's. The value is only when.
Result<bool> was_delivered(const ReadTxn& txn, std::string_view delivery, AccountId account) {
  TRY_ASSIGN(const auto stored, txn.get(kDeliveries, delivery_key(delivery, account)));
  return stored.has_value();
}

Status note_delivered(WriteTxn& txn, std::string_view delivery, AccountId account, base::UnixTime now) {
  if (delivery.size() != base::kDeliveryIdOctets) return Error{Errc::Invalid, "a delivery's id has another length"};
  const std::string key = delivery_key(delivery, account);
  TRY(txn.put(kDeliveries, key, body::seal(Encoder().u64(seconds(now)).str(), key)));
  return txn.put(kDeliveryTimes, delivery_time_key(seconds(now), key), "");
}

Result<bool> has_old_deliveries(const ReadTxn& txn, base::UnixTime upto) {
  TRY_ASSIGN(const auto rows, old_rows(txn, upto, 1));
  return !rows.empty();
}

Result<std::size_t> forget_deliveries(WriteTxn& txn, base::UnixTime upto, std::size_t most) {
  TRY_ASSIGN(const auto rows, old_rows(txn, upto, most));
  for (const std::string& row : rows) {
    TRY(txn.erase(kDeliveryTimes, row));
    if (row.size() != kDeliveryTimeKey) continue;
    const auto key = std::string_view(row).substr(8);
    TRY_ASSIGN(const auto stored, txn.get(kDeliveries, key));
    // Whatever the row says: what was noted later stays.
    if (stored && decode_delivery(key, *stored).value_or(0) <= seconds(upto)) TRY(txn.erase(kDeliveries, key));
  }
  return rows.size();
}

}  // namespace hearthmail::store::mail
