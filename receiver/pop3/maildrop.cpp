#include "receiver/pop3/maildrop.hpp"

namespace hearthmail::receiver::pop3 {

namespace mail = store::mail;
using base::Result;
using base::Uid;

Result<Maildrop> Maildrop::open(const mail::ReadTxn& txn, base::AccountId account) {
  TRY_ASSIGN(const mail::Mailbox inbox, mail::find_mailbox(txn, account, "INBOX"));
  Maildrop drop;
  drop.mailbox_ = inbox.id;
  drop.uid_validity_ = inbox.uid_validity;
  drop.next_ = Uid{1};
  drop.last_ = Uid{inbox.uid_next - 1};
  drop.items_.reserve(inbox.messages);
  return drop;
}

Result<bool> Maildrop::read_slice(const mail::ReadTxn& txn) {
  if (last_ < next_) return true;
  std::size_t taken = 0;
  const auto take = [this, &taken](const mail::Message& message) {
    items_.push_back({message.uid, message.octets, false});
    ++count_;
    octets_ += message.octets;
    return ++taken < kScanSlice;
  };
  TRY_ASSIGN(next_, mail::scan_messages(txn, mailbox_, next_, last_, take));
  if (next_) return last_ < next_;
  next_ = Uid{last_.value + 1};
  return true;
}

const Maildrop::Item* Maildrop::find(std::uint32_t number) const {
  if (number == 0 || number > items_.size()) return nullptr;
  const Item& item = items_[number - 1];
  return item.deleted ? nullptr : &item;
}

std::string Maildrop::unique_id(const Item& item) const {
  return std::to_string(uid_validity_) + '.' + std::to_string(item.uid.value);
}

bool Maildrop::mark_deleted(std::uint32_t number) {
  if (find(number) == nullptr) return false;
  Item& item = items_[number - 1];
  item.deleted = true;
  --count_;
  octets_ -= item.octets;
  return true;
}

void Maildrop::reset() {
  for (Item& item : items_) {
    if (!item.deleted) continue;
    item.deleted = false;
    ++count_;
    octets_ += item.octets;
  }
}

std::vector<Uid> Maildrop::deleted() const {
  std::vector<Uid> uids;
  for (const Item& item : items_) {
    if (item.deleted) uids.push_back(item.uid);
  }
  return uids;
}

}  // namespace hearthmail::receiver::pop3
