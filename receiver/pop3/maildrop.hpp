// Maildrop: the messages of one account's INBOX as one session sees them, numbered from 1 when it logged in. RFC 1939 §4, §5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver::pop3 {

constexpr std::size_t kScanSlice = 10'000;  // messages read per transaction while a maildrop is opened

// A list made in slices, each in a read transaction of its own. Not thread-safe; the session owns it.
class Maildrop {
 public:
  struct Item {
    base::Uid uid;
    std::uint64_t octets = 0;
    bool deleted = false;  // marked by DELE; removed at QUIT
  };

  // Finds the mailbox; no message is known yet. Errors: NotFound (the account has none), Corrupt, Unavailable.
  static base::Result<Maildrop> open(const store::mail::ReadTxn& txn, base::AccountId account);
  // Reads the next slice; true when all messages that were there at open() are known.
  base::Result<bool> read_slice(const store::mail::ReadTxn& txn);

  std::uint32_t size() const { return static_cast<std::uint32_t>(items_.size()); }
  // Nothing for a number that is not in use or marked as deleted.
  const Item* find(std::uint32_t number) const;
  // As UIDL sends it: 1 to 70 octets, the same in every session (RFC 1939 §7): UIDVALIDITY "." UID.
  std::string unique_id(const Item& item) const;
  std::uint32_t count() const { return count_; }  // without deleted ones
  std::uint64_t octets() const { return octets_; }

  bool mark_deleted(std::uint32_t number);  // false as find()
  void reset();                             // no message is marked any more
  std::vector<base::Uid> deleted() const;
  base::MailboxId mailbox() const { return mailbox_; }

 private:
  base::MailboxId mailbox_;
  std::uint32_t uid_validity_ = 0;
  base::Uid next_;  // where the next slice begins
  base::Uid last_;
  std::vector<Item> items_;
  std::uint32_t count_ = 0;
  std::uint64_t octets_ = 0;
};

}  // namespace hearthmail::receiver::pop3
