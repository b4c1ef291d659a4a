// MailboxCheck: one mailbox. Its messages are read in several snapshots when they are many; every change of a mailbox's
// messages raises its HIGHESTMODSEQ, so equal ones at both ends mean that nothing moved in between.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/maintenance/check_mail.hpp"

namespace hearthmail::store::maintenance {

class MailboxCheck {
 public:
  MailboxCheck(Scan& scan, const Names& names, mail::MailboxId box, ReferredBy& referred, std::uint64_t& highest_email)
      : scan_(scan), names_(names), box_(box), referred_(referred), highest_email_(highest_email) {}
  // Adds its findings and what it refers to. A mailbox that was deleted meanwhile has none.
  base::Status run();

 private:
  enum class Outcome { More, Done, Changed, Gone };
  struct Log {
    std::uint64_t next = 0, oldest = 0, newest = 0;  // MODSEQs
    std::uint64_t records = 0, octets = 0;
  };
  struct State {
    bool started = false;
    std::optional<mail::MailboxRecord> record;  // nullopt: it is damaged
    std::string name;
    std::size_t keywords = 0;
    // Messages
    std::uint32_t next_uid = 0;
    mail::Uid highest_uid;
    mail::ModSeq highest_modseq;
    std::uint64_t highest_email = 0;
    bool undecoded = false;     // some message's flags and size are not known
    mail::MailboxRecord tally;  // only the counts
    std::vector<std::uint64_t> blobs;
    std::uint64_t messages = 0, message_octets = 0;
    Log changes;   // the log of changes
    Log expunges;  // expunges that have left it
    // What is reported when this try counts; `tables` goes with `findings`.
    std::vector<Finding> findings;
    std::vector<std::uint32_t> tables;
  };

  base::Result<Outcome> slice(const ReadTxn& txn, bool whole);
  base::Result<bool> read_messages(const ReadTxn& txn, const std::function<bool()>& over);
  base::Status read_message(const ReadTxn& txn, const KeyValue& at, mail::Message& message);
  base::Result<bool> read_log(const ReadTxn& txn, Table table, Log& log, const std::function<bool()>& over);
  void read_change(Table table, const KeyValue& at, Log& log);
  std::string compare_log(std::string_view what, const Log& log, std::uint64_t entries, mail::ModSeq from) const;
  void compare(const mail::MailboxRecord& record);
  void add(Problem problem, Table table, std::string key, std::string what, std::string_view raw_key);

  Scan& scan_;
  const Names& names_;
  mail::MailboxId box_;
  ReferredBy& referred_;
  std::uint64_t& highest_email_;
  State state_;
};

}  // namespace hearthmail::store::maintenance
