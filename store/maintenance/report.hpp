// What a check of the databases finds, as data: for the command, for tests, for repair.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::store::maintenance {

// Every kind of damage that is told apart. What each means and what to do about it: meaning() and advice().
enum class Problem : std::uint8_t {
  // any environment
  Unopenable,     // the environment cannot be opened
  Unreadable,     // a table cannot be walked to its end
  BadKey,         // a key that the format does not know
  BadRecord,      // a record fails its checksum or does not decode
  Orphan,         // a record that belongs to something that is not there
  CounterBehind,  // a counter would give a number a second time
  // accounts
  LoginWrong,           // a login leads to no account, or to one of another address
  AccountWithoutLogin,  // an account that its address does not lead to
  AddressTwice,         // an address is a login and an alias
  TargetMissing,        // an alias or catch-all leads nowhere, or an address is in no domain of ours
  // mail
  NameWrong,        // a name leads to no mailbox, or to one of another name
  MailboxUnnamed,   // no name leads to a mailbox
  CountsWrong,      // a mailbox's counts are not what its messages give
  UidNextLow,       // UIDNEXT is not over every UID
  ModSeqLow,        // HIGHESTMODSEQ is under some MODSEQ
  UidValidityLow,   // the account's last UIDVALIDITY is under one of its mailboxes'
  LogWrong,         // the log of changes has another length, order or reach than the mailbox says
  KeywordUnknown,   // a message has a keyword that its mailbox does not know
  BodyMissing,      // a message's body is not there
  BodyDamaged,      // a body's octets are not those that were stored
  SizeWrong,        // a message's size is not its body's
  BodyNumberWrong,  // the hash of a body leads to another one, or to none
  SummaryDamaged,   // a body's summary is missing or does not decode
  ReferencesWrong,  // a body is referred to by another number of messages than it says
  GarbageWrong,     // a body without messages is not in the table of garbage, or one with messages is
  DeliveryWrong,    // a delivery of the relay is not in the index by time, or the index names another
  AclWrong,         // an access list entry is not in the index by account, or the index names another
  // queue
  EntrySetAside,     // an entry that could not be read was moved to the table `damaged`
  EntryIllegal,      // an entry in a state that the table of states does not allow
  EntryBodyDamaged,  // the message of an entry is incomplete or damaged
  DueWrong,          // the index of due entries does not follow from the entries
  UnreportedWrong,   // the index of owed reports does not follow from the entries
};
constexpr Problem kLastProblem = Problem::UnreportedWrong;

std::string_view name(Problem problem);     // stable, for programs: "counts-wrong"
std::string_view meaning(Problem problem);  // what it means for a user

struct Finding {
  Problem problem = Problem::BadRecord;
  std::string environment;  // accounts, mail or queue
  std::string table;        // as in FORMAT.md
  std::string key;          // in words: "anna@example.org INBOX UID 17"
  std::string what;         // what is wrong
  std::string raw_key;      // the key's octets
};
std::string_view advice(const Finding& finding);  // what to do next

// What was looked at in one table.
struct TableCount {
  std::string environment;
  std::string table;
  std::uint64_t records = 0;
  std::uint64_t octets = 0;  // of keys and values
};

struct Report {
  std::vector<TableCount> tables;    // in the order of FORMAT.md
  std::vector<Finding> findings;     // the first kMaxFindings
  std::uint64_t findings_total = 0;  // with those that were not kept
  std::vector<std::string> notes;    // no damage, but worth knowing
  double seconds = 0;

  bool ok() const { return findings_total == 0; }
  std::uint64_t octets() const;
};
constexpr std::size_t kMaxFindings = 10'000;  // kept in a report; a store that is lost altogether has millions

}  // namespace hearthmail::store::maintenance
