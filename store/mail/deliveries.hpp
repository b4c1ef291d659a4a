// Deliveries of our own relay, so that one that is offered again makes no second copy. Each has an id (kDeliveryIdOctets, random)
// that is the same in every attempt. It is noted in the transaction that appends, and forgotten after kDeliveryMemory.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/base/delivery_id.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

base::Result<bool> was_delivered(const ReadTxn& txn, std::string_view delivery, AccountId account);
// Invalid: `delivery` is no id.
base::Status note_delivered(WriteTxn& txn, std::string_view delivery, AccountId account, base::UnixTime now);

base::Result<bool> has_old_deliveries(const ReadTxn& txn, base::UnixTime upto);
// Forgets what was noted at or before `upto`, oldest first, at most `most`; how many that were.
base::Result<std::size_t> forget_deliveries(WriteTxn& txn, base::UnixTime upto, std::size_t most);

}  // namespace hearthmail::store::mail
