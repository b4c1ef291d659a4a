#include <algorithm>

#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Result;
using base::Status;

namespace {

// What a STORE asks for, with keywords as ids, RFC 9051 §6.4.6.
struct Wanted {
  FlagMode mode;
  Flags flags;
  FlagMask allowed;
};

Result<Wanted> resolve(WriteTxn& txn, MailboxId box, const FlagChange& change) {
  const auto system = static_cast<std::uint8_t>(change.system & change.allowed.system);
  Wanted wanted{change.mode, {system, {}}, change.allowed};
  if (!change.allowed.keywords) return wanted;
  TRY_ASSIGN(wanted.flags.keywords, intern_keywords(txn, box, change.keywords));
  auto& ids = wanted.flags.keywords;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return wanted;
}

// Changes `flags`; false when they were so already.
bool apply(const Wanted& wanted, Flags& flags) {
  const std::uint8_t old_system = flags.system;
  if (wanted.mode == FlagMode::Replace) {
    flags.system = static_cast<std::uint8_t>((flags.system & ~wanted.allowed.system) | wanted.flags.system);
  }
  if (wanted.mode == FlagMode::Add) flags.system |= wanted.flags.system;
  if (wanted.mode == FlagMode::Remove) flags.system &= static_cast<std::uint8_t>(~wanted.flags.system);
  bool changed = flags.system != old_system;
  if (!wanted.allowed.keywords) return changed;
  if (wanted.mode == FlagMode::Replace) {
    changed = changed || flags.keywords != wanted.flags.keywords;
    flags.keywords = wanted.flags.keywords;
    return changed;
  }
  for (const KeywordId keyword : wanted.flags.keywords) {
    const auto at = std::lower_bound(flags.keywords.begin(), flags.keywords.end(), keyword);
    const bool there = at != flags.keywords.end() && *at == keyword;
    if (there == (wanted.mode == FlagMode::Add)) continue;
    if (there) flags.keywords.erase(at);
    else flags.keywords.insert(at, keyword);
    changed = true;
  }
  return changed;
}

}  // namespace

Result<Stored> store_flags(WriteTxn& txn, MailboxId box, std::span<const Uid> uids, const FlagChange& change,
                           std::optional<ModSeq> unchanged_since) {
  TRY_ASSIGN(MailboxRecord record, load_record(txn, box));
  TRY_ASSIGN(const Wanted wanted, resolve(txn, box, change));
  const ModSeq modseq{record.highest_modseq.value + 1};
  Stored stored;
  stored.changed.reserve(uids.size());
  MessageWalker walker(txn, box);
  Message message;
  std::string value;
  for (const Uid uid : uids) {
    TRY_ASSIGN(const bool there, walker.at(uid, message));
    // A second mention of a UID that this call changed is not a conflict.
    if (!there || message.modseq == modseq) continue;
    if (unchanged_since && message.modseq > *unchanged_since) {
      stored.modified.push_back(uid);
      continue;
    }
    count_out(record, message);
    const bool changed = apply(wanted, message.flags);
    count_in(record, message);
    if (!changed) continue;
    message.modseq = modseq;
    const auto key = message_key(box, uid);
    encode_message(message, key, value);
    TRY(txn.put(kMessages, key, value));
    stored.changed.push_back(uid);
  }
  if (!stored.changed.empty()) {
    record.highest_modseq = modseq;
    TRY(log_change(txn, record, ChangeKind::Flags, stored.changed));
    TRY(save_record(txn, record));
  }
  stored.modseq = record.highest_modseq;
  return stored;
}

}  // namespace hearthmail::store::mail
