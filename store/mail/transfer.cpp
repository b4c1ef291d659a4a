// Messages that leave a mailbox or come from another one: EXPUNGE, COPY, MOVE.
#include <algorithm>

#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

std::vector<Uid> uids_of(const std::vector<Message>& messages) {
  std::vector<Uid> uids;
  uids.reserve(messages.size());
  for (const Message& message : messages) uids.push_back(message.uid);
  return uids;
}

std::vector<std::uint64_t> blobs_of(const std::vector<Message>& messages) {
  std::vector<std::uint64_t> blobs;
  blobs.reserve(messages.size());
  for (const Message& message : messages) blobs.push_back(message.blob);
  return blobs;
}

// Ascending and without repeats, whatever order the client named them in.
std::vector<Uid> in_order(std::span<const Uid> uids) {
  std::vector<Uid> ordered(uids.begin(), uids.end());
  std::sort(ordered.begin(), ordered.end());
  ordered.erase(std::unique(ordered.begin(), ordered.end()), ordered.end());
  return ordered;
}

// Gives the messages' keywords the ids that they have in the other mailbox.
Status translate_keywords(WriteTxn& txn, MailboxId from, MailboxId to, std::vector<Message>& messages) {
  std::vector<bool> used(kMaxKeywords);
  bool any = false;
  for (const Message& message : messages) {
    for (const KeywordId id : message.flags.keywords) {
      if (id < kMaxKeywords) used[id] = any = true;
    }
  }
  if (!any || from == to) return base::ok();
  TRY_ASSIGN(const std::vector<std::string> source, keywords(txn, from));
  std::vector<std::string> names;
  std::vector<std::size_t> place(kMaxKeywords);
  for (std::size_t id = 0; id < used.size(); ++id) {
    if (!used[id]) continue;
    if (id >= source.size()) return Error{Errc::Corrupt, "a message has a keyword that its mailbox does not know"};
    place[id] = names.size();
    names.push_back(source[id]);
  }
  TRY_ASSIGN(const std::vector<KeywordId> ids, intern_keywords(txn, to, names));
  for (Message& message : messages) {
    for (KeywordId& id : message.flags.keywords) id = ids[place[id]];
    std::sort(message.flags.keywords.begin(), message.flags.keywords.end());
  }
  return base::ok();
}

// Takes away the flags that may not be set.
void keep_allowed(std::vector<Message>& messages, FlagMask allowed) {
  for (Message& message : messages) {
    message.flags.system &= allowed.system;
    if (!allowed.keywords) message.flags.keywords.clear();
  }
}

// Puts copies of `messages` into `to`; references to bodies are the caller's affair.
Result<Copied> put_copies(WriteTxn& txn, MailboxId from, std::vector<Message> messages, MailboxId to,
                          std::optional<base::UnixTime> now, FlagMask allowed) {
  Copied copied;
  copied.source = uids_of(messages);
  copied.target.reserve(messages.size());
  keep_allowed(messages, allowed);
  TRY(translate_keywords(txn, from, to, messages));
  TRY_ASSIGN(MailboxRecord record, load_record(txn, to));
  copied.uid_validity = record.uid_validity;
  if (messages.empty()) return copied;
  if (messages.size() > 0xFFFFFFFF - record.uid_next) return Error{Errc::OverLimit, "the mailbox's UIDs are used up"};
  record.highest_modseq.value += 1;
  std::string value;
  for (Message& message : messages) {
    message.uid = Uid{record.uid_next++};
    message.modseq = record.highest_modseq;
    if (now.has_value()) message.save_date = *now;
    const auto key = message_key(to, message.uid);
    encode_message(message, key, value);
    TRY(txn.put(kMessages, key, value));
    count_in(record, message);
    copied.target.push_back(message.uid);
  }
  TRY(log_change(txn, record, ChangeKind::Arrived, copied.target));
  TRY(save_record(txn, record));
  return copied;
}

}  // namespace

Status remove_messages(WriteTxn& txn, MailboxRecord& record, const std::vector<Message>& messages) {
  if (messages.empty()) return base::ok();
  for (const Message& message : messages) {
    TRY(txn.erase(kMessages, message_key(record.id, message.uid)));
    count_out(record, message);
  }
  record.highest_modseq.value += 1;
  TRY(log_change(txn, record, ChangeKind::Expunged, uids_of(messages)));
  return save_record(txn, record);
}

Result<std::vector<Uid>> expunge(WriteTxn& txn, MailboxId box, std::span<const Uid> uids, bool only_deleted) {
  TRY_ASSIGN(MailboxRecord record, load_record(txn, box));
  if (only_deleted && record.deleted == 0) return std::vector<Uid>();  // the usual CLOSE: no message is looked at
  TRY_ASSIGN(std::vector<Message> messages, load_messages(txn, box, in_order(uids)));
  if (only_deleted) {
    std::erase_if(messages, [](const Message& message) { return (message.flags.system & kDeleted) == 0; });
  }
  TRY(remove_messages(txn, record, messages));
  TRY(drop_references(txn, blobs_of(messages)));
  return uids_of(messages);
}

Result<Copied> copy(WriteTxn& txn, MailboxId from, std::span<const Uid> uids, MailboxId to,
                    std::optional<base::UnixTime> now, FlagMask allowed) {
  TRY(load_record(txn, from));
  TRY_ASSIGN(std::vector<Message> messages, load_messages(txn, from, in_order(uids)));
  TRY(add_references(txn, blobs_of(messages)));
  return put_copies(txn, from, std::move(messages), to, now, allowed);
}

Result<Copied> move(WriteTxn& txn, MailboxId from, std::span<const Uid> uids, MailboxId to,
                    std::optional<base::UnixTime> now, FlagMask allowed) {
  TRY(load_record(txn, from));
  TRY_ASSIGN(const std::vector<Message> messages, load_messages(txn, from, in_order(uids)));
  TRY_ASSIGN(Copied copied, put_copies(txn, from, messages, to, now, allowed));
  TRY_ASSIGN(MailboxRecord record, load_record(txn, from));  // after the copies: `to` may be the same mailbox
  TRY(remove_messages(txn, record, messages));
  return copied;
}

}  // namespace hearthmail::store::mail
