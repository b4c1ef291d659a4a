// View: what one session believes of its selected mailbox: the map between message sequence numbers and UIDs, and how
// far it has followed the mailbox. The map changes only in report(), so that a sequence number means the same message
// until the session says otherwise (RFC 9051 §7.5.1).
//
// Not thread-safe; the session owns it. Every function that reads the store does so in the caller's transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "receiver/imap/enabled.hpp"
#include "store/mail/acl.hpp"

namespace hearthmail::receiver::imap {

// Messages by position: indices first <= i < last, the sequence numbers less one.
struct IndexRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

enum class MaySendExpunge { No, Yes };

class View {
 public:
  // `recent_from`: UIDs from here on are \Recent in this session (RFC 3501 §2.3.2). Errors: those of the store.
  static base::Result<View> open(const store::mail::ReadTxn& txn, const store::mail::Mailbox& mailbox, bool read_only,
                                 std::uint32_t recent_from);

  base::MailboxId box() const { return box_; }
  const std::string& name() const { return name_; }
  std::uint32_t uid_validity() const { return uid_validity_; }
  // EXAMINE, or no right to change anything (RFC 4314 §5.2).
  bool read_only() const { return examined_ || !rights_.has_any(kChanging); }
  // Another account's mailbox has the rights that its owner gives; an own one (the default) all. The name is the user's.
  void set_rights(store::mail::Rights rights, bool own) {
    rights_ = rights;
    own_ = own;
  }
  void set_name(std::string name) { name_ = std::move(name); }
  bool own() const { return own_; }
  store::mail::Rights rights() const { return rights_; }
  bool examined() const { return examined_; }
  bool may(store::mail::Rights rights) const { return !examined_ && rights_.has(rights); }
  base::ModSeq known() const { return known_; }  // everything up to here has been told, except EXPUNGE withheld
  // What a client may keep as HIGHESTMODSEQ: nothing up to here is still withheld (RFC 7162 §3.2.4).
  base::ModSeq settled() const { return gone_.empty() ? known_ : settled_; }
  bool withholds() const { return !gone_.empty(); }
  base::Uid last_uid() const { return last_uid_; }  // the highest UID ever given in this mailbox, as far as told

  std::size_t size() const { return uids_.size(); }
  base::Uid uid_at(std::size_t index) const { return uids_[index]; }
  const std::vector<base::Uid>& uids() const { return uids_; }
  std::optional<std::size_t> index_of(base::Uid uid) const;
  // The messages with first <= UID <= last.
  IndexRange between(base::Uid first, base::Uid last) const;
  bool recent(base::Uid uid) const;
  std::size_t recent_count() const;
  // From now on nothing is \Recent here, and no session is robbed of it: IMAP4rev2 has no such flag (RFC 9051 §2.3.2).
  void without_recent();

  // The keyword table as last told to the client; index is the KeywordId.
  const std::vector<std::string>& keywords() const { return keywords_; }
  // Appends FLAGS and PERMANENTFLAGS (RFC 9051 §7.3.5, §7.1).
  void put_flag_lists(std::string& out) const;
  // Reads the table again when `flags` has a keyword that is not in it yet, and tells the client.
  base::Status learn_keywords(const store::mail::ReadTxn& txn, const store::mail::Flags& flags, std::string& out);

  // Appends a FETCH response about one message's flags, with UID, FLAGS and MODSEQ as asked for.
  struct Told {
    bool uid = false;
    bool flags = false;
    bool modseq = false;
  };
  void put_fetch(std::string& out, std::size_t index, const store::mail::Message& message, Told what,
                 const Enabled& enabled) const;

  // What "$" means: the messages that the last SEARCH RETURN (SAVE) found, ascending, also those that are gone meanwhile
  // (RFC 5182 §2.1). Empty in a mailbox that was just opened.
  const std::vector<base::Uid>& saved_result() const { return saved_result_; }
  void save_result(std::vector<base::Uid> uids) { saved_result_ = std::move(uids); }

  // Remembers that this session itself gave `uids` the mod-sequence `modseq` and has told the client (or was asked not
  // to, .SILENT), so that report() does not repeat it. `uids` ascending.
  void told(const std::vector<base::Uid>& uids, base::ModSeq modseq);

  // True when messages have arrived that no session has been told of as \Recent: claim_recent() in a write, hand its
  // result to claimed(), then report(). Never for a read-only view (RFC 9051 §6.3.3: EXAMINE changes nothing), nor for
  // another account's mailbox: \Recent is the owner's.
  base::Result<bool> wants_recent(const store::mail::ReadTxn& txn) const;
  void claimed(std::uint32_t recent_from);

  // Appends what changed since the last report: EXPUNGE (only if allowed; otherwise kept for later), EXISTS and RECENT,
  // FETCH FLAGS. Returns true when more remains after about kStepOctets: flush and call again.
  // Errors: NotFound (the mailbox was deleted by another session, RFC 2180 §3.3), and those of the store.
  base::Result<bool> report(const store::mail::ReadTxn& txn, MaySendExpunge expunge, const Enabled& enabled,
                            std::string& out);

  // False when the last report() could not even see what had changed: the map lacks what arrived.
  bool follows() const { return follows_; }

 private:
  using Right = store::mail::Right;
  static constexpr store::mail::Rights kChanging{Right::Insert, Right::Expunge, Right::KeepSeen, Right::Write,
                                                 Right::DeleteMessages};

  View() = default;
  base::Status follow(const store::mail::ReadTxn& txn);
  void report_expunged(const Enabled& enabled, std::string& out);
  void report_arrivals(const Enabled& enabled, std::string& out);
  base::Result<bool> report_flags(const store::mail::ReadTxn& txn, const Enabled& enabled, std::string& out);
  void put_permanent_flags(std::string& out) const;
  bool told_already(const store::mail::Message& message) const;

  base::MailboxId box_;
  std::string name_;
  std::uint32_t uid_validity_ = 0;
  bool examined_ = false;
  bool own_ = true;
  store::mail::Rights rights_ = store::mail::Rights::all();
  base::ModSeq known_;
  base::ModSeq settled_;         // while something is withheld: everything up to here has been told
  base::Uid last_uid_;           // highest UID that was ever in the view or before it
  std::vector<base::Uid> uids_;  // ascending; index + 1 is the sequence number
  std::vector<std::string> keywords_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> recent_;  // ranges of UIDs, first <= uid < second, ascending
  bool tells_recent_ = true;
  std::vector<base::Uid> gone_;     // expunged by anyone, not told yet; ascending
  std::vector<base::Uid> arrived_;  // not told yet; ascending
  std::vector<base::Uid> changed_;  // flags to tell; ascending, from changed_at_ on
  std::size_t changed_at_ = 0;
  bool follows_ = true;
  std::vector<base::Uid> saved_result_;
  std::vector<std::pair<base::Uid, base::ModSeq>> told_;  // see told(); sorted by UID at follow()
};

}  // namespace hearthmail::receiver::imap
