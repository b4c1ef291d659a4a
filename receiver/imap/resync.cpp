#include "receiver/imap/resync.hpp"

#include <algorithm>

#include "receiver/imap/limits.hpp"
#include "receiver/imap/vanished.hpp"

namespace hearthmail::receiver::imap {

namespace mail = store::mail;
using base::Uid;

// Message sequence match data, RFC 7162 §3.2.5.2: where the client's numbers and UIDs still agree with ours, nothing up to
// there has been expunged since. The last such UID; 0 when there is none.
Uid Resync::matched_up_to(const View& view) const {
  Uid matched{0};
  const auto& uids = known_.match_uids.ranges();
  std::size_t range = 0;
  std::uint32_t offset = 0;
  for (const auto& [first, last] : known_.match_sequences.ranges()) {
    for (std::uint64_t sequence = first; sequence <= last && sequence <= view.size(); ++sequence) {
      if (range == uids.size()) return matched;
      const Uid uid{uids[range].first + offset};
      if (view.uid_at(sequence - 1) != uid) return matched;  // later pairs cannot agree any more
      matched = uid;
      if (uid.value == uids[range].last) {
        ++range;
        offset = 0;
      } else {
        ++offset;
      }
    }
  }
  return matched;
}

base::Status Resync::begin(const mail::ReadTxn& txn, const View& view, std::string& out) {
  if (known_.uid_validity != view.uid_validity()) return base::ok();
  TRY_ASSIGN(const auto changes, mail::changes_since(txn, view.box(), base::ModSeq{known_.modseq}));
  const parse::NumSet everything({{1, view.last_uid().value}});
  const parse::NumSet& wanted = known_.known_uids ? *known_.known_uids : everything;
  auto vanished = vanished_of(changes.expunged, wanted, view);
  if (!changes.exact) {
    const Uid matched = matched_up_to(view);
    std::erase_if(vanished, [matched](const mail::UidRange& range) { return range.last <= matched; });
    if (!vanished.empty()) vanished.front().first = std::max(vanished.front().first, Uid{matched.value + 1});
  }
  put_vanished(out, vanished, true);
  for (const Uid uid : changes.changed) {
    if (wanted.contains(uid.value)) changed_.push_back(uid);
  }
  return base::ok();
}

base::Result<bool> Resync::tell(const mail::ReadTxn& txn, View& view, const Enabled& enabled, std::string& out) {
  const std::size_t start = out.size();
  for (; at_ < changed_.size(); ++at_) {
    if (out.size() - start >= kStepOctets) return true;
    const auto index = view.index_of(changed_[at_]);
    TRY_ASSIGN(const auto message, mail::find_message(txn, view.box(), changed_[at_]));
    if (!index.has_value() || !message.has_value()) continue;  // expunged since: the next report tells
    TRY(view.learn_keywords(txn, message->flags, out));
    view.put_fetch(out, *index, *message, {true, true, true}, enabled);
  }
  return false;
}

}  // namespace hearthmail::receiver::imap
