// Mailboxes and messages: plain functions over a transaction. Everything that must be unique or growing (mailbox id, UID,
// MODSEQ, EMAILID) is assigned inside the transaction, so that concurrent arrivals never share one.
//
// Mailbox names are UTF-8 with '/' between levels; INBOX is stored as "INBOX" and matched case-insensitively.
// Errors common to all: NotFound (the named account, mailbox or message), Corrupt (a checksum or record), Unavailable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/executor.hpp"
#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "store/lmdb/env.hpp"

namespace hearthmail::store::mail {

using base::AccountId;
using base::EmailId;
using base::MailboxId;
using base::ModSeq;
using base::Uid;
using lmdb::ReadTxn;
using lmdb::WriteTxn;

constexpr std::size_t kMaxMailboxName = 1000;  // octets of UTF-8, limits.md
constexpr std::size_t kMaxMailboxLevels = 20;  // limits.md
constexpr std::size_t kMaxKeywords = 1024;     // distinct keywords in one mailbox
constexpr std::size_t kMaxKeywordName = 128;   // octets

// RFC 6154, one per mailbox.
enum class SpecialUse : std::uint8_t { None, All, Archive, Drafts, Flagged, Junk, Sent, Trash };

// RFC 9051 §2.3.2. \Recent is a matter of sessions, not of the record.
enum SystemFlag : std::uint8_t { kSeen = 1, kAnswered = 2, kFlagged = 4, kDeleted = 8, kDraft = 16 };

using KeywordId = std::uint16_t;  // index into the mailbox's keyword table; never reused in that mailbox

struct Flags {
  std::uint8_t system = 0;          // SystemFlag bits
  std::vector<KeywordId> keywords;  // sorted, without repeats
  bool operator==(const Flags&) const = default;
};

struct Mailbox {
  MailboxId id;
  AccountId account;
  std::string name;
  SpecialUse special_use = SpecialUse::None;
  std::uint32_t uid_validity = 0;  // grows with every mailbox made in the account, RFC 9051 §2.3.1.1
  std::uint32_t uid_next = 1;
  ModSeq highest_modseq{1};
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;      // with \Deleted
  std::uint32_t recent_from = 1;  // UIDs from here on have not been shown as \Recent to any session (RFC 3501)
  std::uint64_t octets = 0;
};

struct Message {
  Uid uid;
  ModSeq modseq;
  Flags flags;
  base::UnixTime internal_date = 0;
  std::int16_t zone_minutes = 0;  // of the internal date
  base::UnixTime save_date = 0;   // RFC 8514: when it came into this mailbox
  std::uint64_t octets = 0;       // RFC822.SIZE
  std::uint64_t blob = 0;         // which body: see bodies below
  EmailId email;                  // the same for every copy made by COPY and kept by MOVE, RFC 8474
};

// ---- mailboxes -------------------------------------------------------------------------------------------------

// Makes INBOX, Drafts, Sent, Junk, Trash, Archive with their special uses, subscribed, unless the account has mailboxes.
base::Status ensure_account(WriteTxn& txn, AccountId account);
bool has_account(const ReadTxn& txn, AccountId account);
// Everything of the account goes: mailboxes, messages, subscriptions; bodies when nobody else refers to them.
base::Status delete_account(WriteTxn& txn, AccountId account);

base::Result<std::vector<Mailbox>> list_mailboxes(const ReadTxn& txn, AccountId account);  // ordered by name
base::Result<Mailbox> find_mailbox(const ReadTxn& txn, AccountId account, std::string_view name);
base::Result<Mailbox> load_mailbox(const ReadTxn& txn, MailboxId box);
// The mailbox of this account with that special use. NotFound when there is none.
base::Result<Mailbox> find_special(const ReadTxn& txn, AccountId account, SpecialUse use);
// Missing parents are made too. Exists; Invalid (empty level, control character, too long, too deep, not UTF-8);
// Unsupported (another mailbox of the account has the special use: RFC 6154 §3, USEATTR).
base::Result<Mailbox> create_mailbox(WriteTxn& txn, AccountId account, std::string_view name,
                                     SpecialUse use = SpecialUse::None);
// INBOX cannot be deleted (Invalid). Children stay (RFC 9051 §6.3.4): their parent is then listed as \NonExistent.
base::Status delete_mailbox(WriteTxn& txn, MailboxId box);
// Children move along; missing parents of `to` are made. Renaming INBOX moves its messages to a new mailbox and
// leaves INBOX empty (RFC 9051 §6.3.6). Exists; Invalid (into itself).
base::Status rename_mailbox(WriteTxn& txn, AccountId account, std::string_view from, std::string_view to);

base::Result<std::vector<std::string>> list_subscriptions(const ReadTxn& txn, AccountId account);
base::Status set_subscribed(WriteTxn& txn, AccountId account, std::string_view name, bool subscribed);

// The mailbox's keywords; the index in the vector is the KeywordId.
base::Result<std::vector<std::string>> keywords(const ReadTxn& txn, MailboxId box);
// The ids of `names` (matched case-insensitively), adding what is new. OverLimit (kMaxKeywords); Invalid (not an atom).
base::Result<std::vector<KeywordId>> intern_keywords(WriteTxn& txn, MailboxId box, std::span<const std::string> names);

// ---- bodies ----------------------------------------------------------------------------------------------------

// A message's octets made ready on any thread: hashed, cut into chunks, compressed, checksummed, with the summary that
// the caller computed (common/mime). Storing it is then only puts.
struct PreparedBody {
  base::BlobId id;
  std::uint64_t octets = 0;
  std::vector<std::string> chunks;  // as stored, FORMAT.md "chunk"
  std::string summary;              // opaque to the store
  std::size_t stored_octets() const;
};
PreparedBody prepare_body(std::string_view message, std::string summary);

// The octets [offset, offset + count) of a body, cut at its end. Corrupt when a checksum fails: never wrong octets.
base::Result<std::string> read_body(const ReadTxn& txn, std::uint64_t blob, std::uint64_t offset, std::uint64_t count);
base::Result<std::string_view> read_summary(const ReadTxn& txn, std::uint64_t blob);

// A body whose last message went keeps its octets for a while: a session in the middle of a long FETCH goes on, and the
// same body that comes again is found. Removes those without a message since `upto` or longer, oldest first, until about
// `most` octets of messages are gone; then `more` says that some are left.
struct Collected {
  std::uint64_t bodies = 0;
  std::uint64_t octets = 0;
  bool more = false;
};
base::Result<bool> has_garbage(const ReadTxn& txn, base::UnixTime upto);  // is there something to collect?
base::Result<Collected> collect_garbage(WriteTxn& txn, base::UnixTime upto, std::uint64_t most);

// ---- messages --------------------------------------------------------------------------------------------------

struct Arrival {
  const PreparedBody* body = nullptr;  // stored unless the same octets are there already
  std::uint8_t system_flags = 0;
  std::vector<std::string> keywords;
  base::UnixTime internal_date = 0;
  std::int16_t zone_minutes = 0;
  base::UnixTime save_date = 0;
};
struct Appended {
  std::uint32_t uid_validity = 0;
  Uid uid;
  EmailId email;
};
// Errors besides the common ones: OverLimit (UIDs exhausted, keywords).
base::Result<Appended> append(WriteTxn& txn, MailboxId box, const Arrival& arrival);

// UIDs of all messages, ascending.
base::Result<std::vector<Uid>> list_uids(const ReadTxn& txn, MailboxId box);
base::Result<std::optional<Message>> find_message(const ReadTxn& txn, MailboxId box, Uid uid);
// Calls `each` for first <= UID <= last in order until it returns false. Returns the UID after the last one visited
// (to go on from later), or Uid{0} when the range is done. A message whose record is damaged is passed over, logged and
// added to `damaged`.
base::Result<Uid> scan_messages(const ReadTxn& txn, MailboxId box, Uid first, Uid last,
                                const std::function<bool(const Message&)>& each, std::vector<Uid>* damaged = nullptr);

// The flags that somebody may set and clear (acl.hpp, flags_of); by default all of them.
struct FlagMask {
  std::uint8_t system = 0xff;  // SystemFlag bits
  bool keywords = true;
};
enum class FlagMode { Replace, Add, Remove };
struct FlagChange {
  FlagMode mode = FlagMode::Add;
  std::uint8_t system = 0;
  std::vector<std::string> keywords;
  FlagMask allowed{};  // all others stay as they are
};
struct Stored {
  ModSeq modseq;              // the mailbox's highest afterwards
  std::vector<Uid> changed;   // those whose flags really changed
  std::vector<Uid> modified;  // refused because their MODSEQ was over `unchanged_since` (RFC 7162)
};
// UIDs that do not exist are passed over. All messages of one call get the same new MODSEQ.
base::Result<Stored> store_flags(WriteTxn& txn, MailboxId box, std::span<const Uid> uids, const FlagChange& change,
                                 std::optional<ModSeq> unchanged_since = std::nullopt);

// Removes those of `uids` that exist (and, with `only_deleted`, carry \Deleted). Returns the UIDs removed.
base::Result<std::vector<Uid>> expunge(WriteTxn& txn, MailboxId box, std::span<const Uid> uids, bool only_deleted);

struct Copied {
  std::uint32_t uid_validity = 0;  // of the target
  std::vector<Uid> source;         // those that existed, in order
  std::vector<Uid> target;         // their new UIDs, same order
};
// `now` becomes the copies' save date (RFC 8514 §4.2); without it they keep the one they have. Flags outside of `allowed`
// are not copied.
base::Result<Copied> copy(WriteTxn& txn, MailboxId from, std::span<const Uid> uids, MailboxId to,
                          std::optional<base::UnixTime> now = std::nullopt, FlagMask allowed = {});
base::Result<Copied> move(WriteTxn& txn, MailboxId from, std::span<const Uid> uids, MailboxId to,
                          std::optional<base::UnixTime> now = std::nullopt, FlagMask allowed = {});

// ---- changes ---------------------------------------------------------------------------------------------------

struct UidRange {
  Uid first;
  Uid last;  // inclusive
  bool operator==(const UidRange&) const = default;
};
struct Changes {
  ModSeq highest;  // the mailbox's MODSEQ in this snapshot
  std::uint32_t uid_next = 1;
  std::vector<Uid> changed;        // ascending; flags changed or arrived after `since`, and still there
  std::vector<UidRange> expunged;  // ascending, disjoint, never adjacent; gone after `since`
  // False: what was expunged is not known as far back as `since`. `expunged` then names every UID below uid_next that
  // is not there: too many for that question, never one too few and never one that exists (RFC 7162 §3.2.5.1 lets a
  // client meet UIDs that it does not know). `changed` is exact either way.
  bool exact = true;
};
// A mailbox's log holds this many changes (one per call that changed something). Of the older ones only the expunges
// are kept, the newest kMaxExpungeEntries: flags and arrivals are then found by the messages' own MODSEQ.
constexpr std::uint32_t kMaxLogEntries = 10'000;
constexpr std::uint32_t kMaxExpungeEntries = 65'536;
base::Result<Changes> changes_since(const ReadTxn& txn, MailboxId box, ModSeq since);

// Marks every present message as shown as \Recent; returns the UID from which messages were recent until now.
base::Result<std::uint32_t> claim_recent(WriteTxn& txn, MailboxId box);

// ---- the environment -------------------------------------------------------------------------------------------

// The topic under which changes to an account's list of mailboxes are reported; a mailbox's topic is its id.
constexpr std::uint64_t account_topic(AccountId account) { return (std::uint64_t{1} << 63U) | account.value; }

// Tells sessions of this process that a mailbox (or an account's list of mailboxes) changed, after the commit.
class Feed {
 public:
  Feed();
  ~Feed();
  // What changed is a mailbox, or (the second form) an account's list of mailboxes and subscriptions.
  // `changed` is posted to `home` after a commit that touched the mailbox; further changes are folded into one call until
  // it has run. After unsubscribe() returns (on `home`'s thread) it is not called any more.
  std::uint64_t subscribe(MailboxId box, base::Executor& home, std::function<void()> changed);
  std::uint64_t subscribe(AccountId account, base::Executor& home, std::function<void()> changed);
  void unsubscribe(std::uint64_t subscription);
  void publish(std::span<const std::uint64_t> topics);  // mailbox ids and account topics; any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The mail environment of one process. Thread-safe.
class Store {
 public:
  static base::Result<std::unique_ptr<Store>> open(const std::string& directory,
                                                   lmdb::Misplaced misplaced = lmdb::Misplaced::Report);
  lmdb::Env& env() { return *env_; }
  Feed& feed() { return feed_; }

 private:
  Store() = default;
  Feed feed_;
  std::unique_ptr<lmdb::Env> env_;  // last: its writer thread ends before the feed goes
};

}  // namespace hearthmail::store::mail
