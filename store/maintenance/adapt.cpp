// A whole restore: the numbers that must never be given again, and mail that must not go out twice.
#include <algorithm>
#include <map>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "store/accounts/tables.hpp"
#include "store/body/body.hpp"
#include "store/mail/tables.hpp"
#include "store/maintenance/backup.hpp"
#include "store/maintenance/files.hpp"
#include "store/maintenance/held.hpp"
#include "store/maintenance/restore.hpp"

namespace hearthmail::store::maintenance {

using base::Result;
using base::Status;
using lmdb::ReadTxn;
using lmdb::Table;
using lmdb::WriteTxn;

namespace {

constexpr std::size_t kAtOnce = 500;  // records changed in one transaction
// Added to a counter when the databases that are replaced cannot be read: more than anybody gave since the backup.
constexpr std::uint64_t kLeap = std::uint64_t{1} << 32U;

using Numbers = std::map<std::string, std::uint64_t>;  // by key

Result<std::uint64_t> number_in(std::string_view key, std::string_view value, bool wide) {
  TRY_ASSIGN(const auto plain, body::unseal(value, key));
  base::Decoder in(plain);
  const std::uint64_t number = wide ? in.u64() : in.u32();
  TRY(in.finish("number"));
  return number;
}

// All numbers of a table that can be read.
Result<Numbers> numbers(lmdb::Env& env, Table table, bool wide) {
  return env.read([&](const ReadTxn& txn) -> Result<Numbers> {
    Numbers found;
    auto cursor = txn.cursor(table);
    TRY_ASSIGN(auto at, cursor.seek(""));
    while (at) {
      const auto number = number_in(at->key, at->value, wide);
      if (number.ok()) found[std::string(at->key)] = *number;
      TRY_ASSIGN(at, cursor.next());
    }
    return found;
  });
}

// Raises every counter of `table` over the one that is replaced.
Status raise_counters(lmdb::Env& env, Table table, const std::optional<Numbers>& old) {
  TRY_ASSIGN(const Numbers ours, numbers(env, table, true));
  return env.write([&](WriteTxn& txn) -> Status {
    for (const auto& [key, number] : ours) {
      const auto other = old ? old->find(key) : Numbers::const_iterator();
      const std::uint64_t floor = !old ? number + kLeap : other == old->end() ? 0 : other->second;
      const std::uint64_t next = std::max(number, floor);
      TRY(txn.put(table, key, body::seal(base::Encoder().u64(next).str(), key)));
    }
    return base::ok();
  });
}

// The numbers of the databases that are replaced; nullopt when they cannot be read.
template <class Store>
std::optional<Numbers> old_numbers(const std::string& directory, Table table, bool wide) {
  if (!exists(directory + "/data.mdb")) return std::nullopt;
  const auto store = Store::open(directory);
  if (!store.ok()) return std::nullopt;
  auto found = numbers((*store)->env(), table, wide);
  return found.ok() ? std::optional<Numbers>(std::move(*found)) : std::nullopt;
}

Result<std::vector<base::MailboxId>> all_mailboxes(lmdb::Env& env) {
  return env.read([](const ReadTxn& txn) -> Result<std::vector<base::MailboxId>> {
    std::vector<base::MailboxId> boxes;
    auto cursor = txn.cursor(mail::kMailboxes);
    TRY_ASSIGN(auto at, cursor.seek(""));
    while (at) {
      if (at->key.size() == 8) boxes.push_back(base::MailboxId{mail::big_endian<std::uint64_t>(at->key, 0)});
      TRY_ASSIGN(at, cursor.next());
    }
    return boxes;
  });
}

// RFC 9051 §2.3.1.1: UIDs that were given after the backup may be known to clients under the old UIDVALIDITY.
class NewUidValidity {
 public:
  NewUidValidity(Numbers last, const std::optional<Numbers>& old) : last_(std::move(last)) {
    if (!old) return;
    for (const auto& [key, number] : *old) last_[key] = std::max(last_[key], number);
  }
  Status give(WriteTxn& txn, base::MailboxId box) {
    auto record = mail::load_record(txn, box);
    if (!record.ok()) return base::ok();  // damaged: `check` has said so
    const std::string key(std::string_view(mail::id_key(record->account.value)));
    const auto now = static_cast<std::uint64_t>(std::clamp<base::UnixTime>(base::Clock::system().now(), 1, 0xFFFFFFFE));
    std::uint64_t& last = last_[key];
    last = std::max({last + 1, now, std::uint64_t{record->uid_validity} + 1});
    if (last > 0xFFFFFFFF) return base::Error{base::Errc::OverLimit, "the account's UIDVALIDITY values are used up"};
    record->uid_validity = static_cast<std::uint32_t>(last);
    TRY(txn.put(mail::kAccounts, key, body::seal(base::Encoder().u32(record->uid_validity).str(), key)));
    return mail::save_record(txn, *record);
  }

 private:
  Numbers last_;  // by account
};

Status adapt_mail(const std::string& staged, const std::string& live, Adapted& adapted) {
  const auto counters = old_numbers<mail::Store>(live, mail::kCounters, true);
  const auto validities = old_numbers<mail::Store>(live, mail::kAccounts, false);
  adapted.old_read = adapted.old_read && counters && validities;
  TRY_ASSIGN(const auto store, mail::Store::open(staged));
  TRY(raise_counters(store->env(), mail::kCounters, counters));
  TRY_ASSIGN(Numbers last, numbers(store->env(), mail::kAccounts, false));
  NewUidValidity validity(std::move(last), validities);
  TRY_ASSIGN(const auto boxes, all_mailboxes(store->env()));
  for (std::size_t done = 0; done < boxes.size(); done += kAtOnce) {
    const std::size_t end = std::min(boxes.size(), done + kAtOnce);
    const auto give = [&](WriteTxn& txn) -> Status {
      for (std::size_t i = done; i < end; ++i) TRY(validity.give(txn, boxes[i]));
      return base::ok();
    };
    TRY(store->env().write(give));
  }
  adapted.mailboxes = boxes.size();
  return base::ok();
}

Status adapt_accounts(const std::string& staged, const std::string& live, Adapted& adapted) {
  const auto counters = old_numbers<accounts::Store>(live, accounts::kCounters, true);
  adapted.old_read = adapted.old_read && counters;
  TRY_ASSIGN(const auto store, accounts::Store::open(staged));
  return raise_counters(store->env(), accounts::kCounters, counters);
}

Status adapt_queue(const std::string& staged, const std::string& live, const std::string& created, Adapted& adapted) {
  const auto counters = old_numbers<queue::Store>(live, queue::kCounters, true);
  adapted.old_read = adapted.old_read && counters;
  TRY_ASSIGN(const auto store, queue::Store::open(staged));
  TRY(raise_counters(store->env(), queue::kCounters, counters));
  TRY_ASSIGN(const auto entries,
             store->env().read([](const ReadTxn& txn) { return queue::list(txn, ~std::size_t{0}); }));
  for (std::size_t done = 0; done < entries.size(); done += kAtOnce) {
    const std::size_t end = std::min(entries.size(), done + kAtOnce);
    const auto hold = [&](WriteTxn& txn) -> Status {
      for (std::size_t i = done; i < end; ++i) TRY(queue::save_entry(txn, entries[i], held(entries[i], created)));
      return base::ok();
    };
    TRY(store->env().write(hold));
  }
  adapted.held = entries.size();
  return base::ok();
}

}  // namespace

queue::Entry held(queue::Entry entry, const std::string& created) {
  for (queue::Recipient& one : entry.recipients) {
    if (queue::is_finished(one.state)) continue;
    one.state = queue::State::Held;
    one.lease_until = 0;
    one.reply = "on hold: from the backup of " + created + "; it may have been delivered since";
    one.status.clear();
  }
  return entry;
}

Result<Adapted> adapt(const std::string& staged, const std::string& data_directory, const std::string& created) {
  Adapted adapted;
  if (exists(staged + "/mail")) TRY(adapt_mail(staged + "/mail", data_directory + "/mail", adapted));
  if (exists(staged + "/accounts")) TRY(adapt_accounts(staged + "/accounts", data_directory + "/accounts", adapted));
  if (exists(staged + "/queue")) TRY(adapt_queue(staged + "/queue", data_directory + "/queue", created, adapted));
  return adapted;
}

Status replace(const std::string& staged, const std::string& data_directory) {
  for (const std::string name : kEnvironments) {
    if (exists(staged + "/" + name)) TRY(exchange(staged + "/" + name, data_directory + "/" + name));
  }
  return base::ok();
}

}  // namespace hearthmail::store::maintenance
