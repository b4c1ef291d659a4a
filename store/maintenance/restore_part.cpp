// A restore of one account or mailbox into a store that may be at work, and of the queue.
#include <algorithm>
#include <map>

#include "common/base/clock.hpp"
#include "store/body/body.hpp"
#include "store/mail/chunks.hpp"
#include "store/mail/tables.hpp"
#include "store/maintenance/check_mail.hpp"
#include "store/maintenance/held.hpp"
#include "store/maintenance/restore.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using mail::Message;

namespace {

using Hashes = std::map<base::BlobId, std::uint64_t>;  // how many messages have these octets

// One message as the backup has it.
struct Kept {
  Message message;
  base::BlobId hash;
};

Status each_message(const ReadTxn& txn, mail::MailboxId box,
                    const std::function<Status(const Message&, const mail::Blob&)>& each) {
  Status status;
  const auto visit = [&](const Message& message) {
    const auto blob = mail::load_blob(txn, message.blob);
    if (blob.ok()) status = each(message, *blob);
    return status.ok();
  };
  TRY_ASSIGN([[maybe_unused]] const auto next,
             mail::scan_messages(txn, box, mail::Uid{1}, mail::Uid{0xFFFFFFFF}, visit));
  return status;
}

bool readable(lmdb::Env& env, std::uint64_t blob) {
  std::uint64_t octets = 0, chunks = 0;
  const auto fault = verify_body(env, blob, octets, chunks);
  return fault.ok() && fault->body.empty() && fault->summary.empty();
}

class Part {
 public:
  Part(const From& from, const To& to, const PartOptions& options) : from_(from), to_(to), options_(options) {}

  Result<std::vector<RestoredMailbox>> run(const std::function<void(const RestoredMailbox&)>& progress) {
    const auto list = [](const mail::AccountId account) {
      return [account](const ReadTxn& txn) { return mail::list_mailboxes(txn, account); };
    };
    TRY_ASSIGN(const auto boxes, from_.mail.env().read(list(from_.account)));
    if (options_.mailbox.empty()) TRY(count_account());
    std::vector<RestoredMailbox> restored;
    for (const mail::Mailbox& box : boxes) {
      if (!options_.mailbox.empty() && box.name != options_.mailbox) continue;
      TRY_ASSIGN(auto one, mailbox(box));
      if (progress) progress(one);
      restored.push_back(std::move(one));
    }
    if (restored.empty())
      return Error{Errc::NotFound, "the backup has no mailbox " + options_.mailbox + " of this account"};
    return restored;
  }

 private:
  // Everything that the account has now, wherever it lies.
  Status count_account() {
    TRY_ASSIGN(const auto boxes,
               to_.mail.env().read([this](const ReadTxn& txn) { return mail::list_mailboxes(txn, to_.account); }));
    for (const mail::Mailbox& box : boxes) TRY(count(box.id));
    return base::ok();
  }

  Status count(mail::MailboxId box) {
    return to_.mail.env().read([&](const ReadTxn& txn) {
      return each_message(txn, box, [&](const Message& message, const mail::Blob& blob) -> Status {
        ++there_[blob.id];
        numbers_[blob.id] = message.blob;
        return base::ok();
      });
    });
  }

  Result<RestoredMailbox> mailbox(const mail::Mailbox& box) {
    RestoredMailbox restored;
    restored.name = options_.into.empty() ? box.name : options_.into + "/" + box.name;
    const auto target =
        to_.mail.env().read([&](const ReadTxn& txn) { return mail::find_mailbox(txn, to_.account, restored.name); });
    if (!target.ok() && target.error().code != Errc::NotFound) return target.error();
    restored.made = !target.ok();
    if (!options_.mailbox.empty()) {
      there_.clear();
      numbers_.clear();
      if (target.ok()) TRY(count(target->id));
    }
    TRY_ASSIGN(const auto kept, read(box.id));
    TRY_ASSIGN(words_, from_.mail.env().read([&](const ReadTxn& txn) { return mail::keywords(txn, box.id); }));
    mail::MailboxId into = target.ok() ? target->id : mail::MailboxId{0};
    if (restored.made && !options_.dry_run) {
      TRY_ASSIGN(into, make(restored.name, box));
      if (options_.into.empty()) TRY(bring_acl(box.id, into));
    }
    for (const Kept& one : kept) TRY(bring(one, into, restored));
    return restored;
  }

  Result<std::vector<Kept>> read(mail::MailboxId box) {
    std::vector<Kept> kept;
    TRY(from_.mail.env().read([&](const ReadTxn& txn) {
      return each_message(txn, box, [&](const Message& message, const mail::Blob& blob) -> Status {
        kept.push_back({message, blob.id});
        return base::ok();
      });
    }));
    return kept;
  }

  Result<mail::MailboxId> make(const std::string& name, const mail::Mailbox& box) {
    const auto create = [&](mail::WriteTxn& txn) -> Result<mail::Mailbox> {
      TRY(mail::ensure_account(txn, to_.account));
      auto found = mail::find_mailbox(txn, to_.account, name);
      if (found.ok()) return found;
      auto made = mail::create_mailbox(txn, to_.account, name,
                                       options_.into.empty() ? box.special_use : mail::SpecialUse::None);
      if (!made.ok() && made.error().code == Errc::Unsupported) made = mail::create_mailbox(txn, to_.account, name);
      if (made.ok()) TRY(mail::set_subscribed(txn, to_.account, name, true));
      return made;
    };
    TRY_ASSIGN(const auto made, to_.mail.env().write(create));
    return made.id;
  }

  // The rights that others had, as far as they are here. What the new mailbox has of the one above it goes.
  Status bring_acl(mail::MailboxId box, mail::MailboxId into) {
    const auto entries = from_.mail.env().read([&](const ReadTxn& txn) { return mail::list_acl(txn, box); });
    if (!entries.ok()) return entries.error().code == Errc::Corrupt ? base::ok() : Status(entries.error());
    const auto put = [&](mail::WriteTxn& txn) -> Status {
      TRY(mail::erase_acl(txn, into));
      for (mail::AclEntry entry : *entries) {
        const auto known = options_.accounts.find(entry.account);
        if (entry.account != mail::kAnyone && known == options_.accounts.end()) continue;
        if (entry.account != mail::kAnyone) entry.account = known->second;
        if (entry.account != to_.account) TRY(mail::set_acl(txn, into, entry));
      }
      return base::ok();
    };
    return to_.mail.env().write(put);
  }

  Status bring(const Kept& one, mail::MailboxId into, RestoredMailbox& restored) {
    auto there = there_.find(one.hash);
    if (there != there_.end() && there->second > 0) {
      if (!options_.mailbox.empty()) --there->second;  // one copy here stands for one there
      ++restored.present;
      return heal(one, restored);
    }
    if (!readable(from_.mail.env(), one.message.blob)) {
      ++restored.unreadable;
      return base::ok();
    }
    ++restored.added;
    if (options_.dry_run) return base::ok();
    TRY_ASSIGN(const auto body, prepared(one));
    mail::Arrival arrival;
    arrival.body = &body;
    arrival.system_flags = one.message.flags.system;
    arrival.internal_date = one.message.internal_date;
    arrival.zone_minutes = one.message.zone_minutes;
    arrival.save_date = base::Clock::system().now();
    for (const auto id : one.message.flags.keywords) {
      if (id < words_.size()) arrival.keywords.push_back(words_[id]);
    }
    const auto isolation = body.stored_octets() > lmdb::kLargeJob ? lmdb::Isolation::Own : lmdb::Isolation::Child;
    TRY(to_.mail.env().write([&](mail::WriteTxn& txn) { return mail::append(txn, into, arrival); }, isolation));
    return base::ok();
  }

  Result<mail::PreparedBody> prepared(const Kept& one) {
    return from_.mail.env().read([&](const ReadTxn& txn) -> Result<mail::PreparedBody> {
      TRY_ASSIGN(const std::string octets, mail::read_body(txn, one.message.blob, 0, ~std::uint64_t{0}));
      TRY_ASSIGN(const auto summary, mail::read_summary(txn, one.message.blob));
      return mail::prepare_body(octets, std::string(summary));
    });
  }

  // A message that is there with damaged octets gets those of the backup; its UID stays.
  Status heal(const Kept& one, RestoredMailbox& restored) {
    const auto number = numbers_.find(one.hash);
    if (number == numbers_.end() || readable(to_.mail.env(), number->second)) return base::ok();
    if (!readable(from_.mail.env(), one.message.blob)) {
      ++restored.unreadable;
      return base::ok();
    }
    ++restored.healed;
    if (options_.dry_run) return base::ok();
    TRY_ASSIGN(const auto body, prepared(one));
    return to_.mail.env().write([&](mail::WriteTxn& txn) -> Status {
      const auto key = mail::id_key(number->second);
      TRY_ASSIGN(const auto blob, mail::load_blob(txn, number->second));
      if (blob.id != one.hash) return base::ok();  // gone meanwhile
      TRY(txn.erase_prefix(mail::kChunks, key));
      std::uint32_t at = 0;
      for (const std::string& chunk : body.chunks) TRY(mail::put_chunk(txn, number->second, at++, chunk));
      return txn.put(mail::kSummaries, key, body::seal(body.summary, key));
    });
  }

  const From& from_;
  const To& to_;
  const PartOptions& options_;
  Hashes there_;                    // of the mailbox, or of the whole account
  Hashes numbers_;                  // the body's number in `to`
  std::vector<std::string> words_;  // keywords of the mailbox in the backup
};

// The chunks of an entry's message, as they are stored.
Result<std::vector<std::string>> chunks_of(const ReadTxn& txn, const queue::Entry& entry) {
  TRY_ASSIGN(const std::string octets, queue::read_body(txn, entry.id, 0, entry.envelope.octets));
  return queue::prepare_body(octets).chunks;
}

Status put_back(queue::Store& to, const queue::Entry& entry, const std::vector<std::string>& chunks) {
  return to.env().write([&](queue::WriteTxn& txn) -> Status {
    const std::string key = queue::entry_key(entry.id);
    TRY(txn.erase(queue::kDamaged, key));
    TRY(txn.erase_prefix(queue::kBodies, key));
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const std::string place = queue::chunk_key(entry.id, static_cast<std::uint32_t>(i));
      TRY(txn.put(queue::kBodies, place, body::bind_chunk(chunks[i], place)));
    }
    return queue::insert_entry(txn, entry);
  });
}

}  // namespace

Result<std::vector<RestoredMailbox>> restore_mail(const From& from, const To& to, const PartOptions& options,
                                                  const std::function<void(const RestoredMailbox&)>& progress) {
  return Part(from, to, options).run(progress);
}

Result<RestoredQueue> restore_queue(queue::Store& from, queue::Store& to, const std::string& created, bool dry_run) {
  RestoredQueue restored;
  TRY_ASSIGN(const auto entries, from.env().read([](const ReadTxn& txn) { return queue::list(txn, ~std::size_t{0}); }));
  for (const queue::Entry& entry : entries) {
    const auto present = to.env().read([&](const ReadTxn& txn) { return queue::find(txn, entry.id); });
    const bool damaged = !present.ok() && present.error().code == Errc::Corrupt;
    if (!present.ok() && !damaged) return present.error();
    if (present.ok() && present->has_value()) {
      ++restored.present;
      continue;
    }
    const auto chunks = from.env().read([&](const ReadTxn& txn) { return chunks_of(txn, entry); });
    if (!chunks.ok()) {
      ++restored.unreadable;
      continue;
    }
    restored.held.push_back(entry.id);
    if (!dry_run) TRY(put_back(to, held(entry, created), *chunks));
  }
  return restored;
}

}  // namespace hearthmail::store::maintenance
