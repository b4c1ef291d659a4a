#include "store/maintenance/report.hpp"

#include <numeric>

namespace hearthmail::store::maintenance {

namespace {

struct Words {
  std::string_view name;
  std::string_view meaning;
  std::string_view advice;
};

constexpr std::string_view kRepair = "run `hearthmail check --repair`";
constexpr std::string_view kRestore = "bring it back from a backup: `hearthmail restore DIR`";
constexpr std::string_view kRestorePart =
    "bring it back from a backup: `hearthmail restore DIR --account ADDRESS`; without one: `hearthmail check --repair`";

// What helps against a record that cannot be read. Repair makes those anew that follow from others, or that can be missed
// (all tables that are not here); what only a backup knows comes from there.
struct BadRecordAdvice {
  std::string_view environment, table, advice;
};
constexpr BadRecordAdvice kBadRecords[] = {
    {"accounts", "domains", kRestore},
    {"accounts", "accounts", kRestore},
    {"accounts", "aliases", "take it out with `hearthmail check --repair`, then set it anew: `hearthmail alias`"},
    {"mail", "accounts", kRestore},
    {"mail", "mailboxes", kRestore},
    {"mail", "messages", kRestorePart},
    {"mail", "blobs", kRestorePart},
    {"queue", "entries",
     "`hearthmail restore DIR --queue` brings it back on hold; without a backup `hearthmail check --repair` sets it "
     "aside, "
     "and `hearthmail queue delete ID` gives it up"},
    {"queue", "pauses", "`hearthmail check --repair` takes it out; then the route is tried again"},
};

Words of_any(Problem problem) {
  switch (problem) {
    case Problem::Unopenable: return {"unopenable", "nothing in this database can be used", kRestore};
    case Problem::Unreadable:
      return {"unreadable", "the rest of the table cannot be reached",
              "look at the disk (dmesg, smartctl), then restore"};
    case Problem::BadKey: return {"bad-key", "the record is never found", kRepair};
    case Problem::BadRecord:
      return {"bad-record", "what the record says is lost; it is refused, never guessed", {}};  // advice: kBadRecords
    case Problem::Orphan: return {"orphan", "it takes room and nothing shows it", kRepair};
    default: return {"counter-behind", "a number could be given a second time", kRepair};
  }
}

Words of_accounts(Problem problem) {
  switch (problem) {
    case Problem::LoginWrong: return {"login-wrong", "nobody can log in or receive mail under this address", kRepair};
    case Problem::AccountWithoutLogin:
      return {"account-without-login", "the account cannot log in and gets no mail", kRepair};
    case Problem::AddressTwice:
      return {"address-twice", "the account gets the mail, the alias gets none",
              "remove the alias: `hearthmail alias remove`"};
    default:
      return {"target-missing", "mail to this address is refused as unknown",
              "set it anew: `hearthmail alias`, `hearthmail domain catch-all` or `hearthmail domain add`"};
  }
}

Words of_mailbox(Problem problem) {
  switch (problem) {
    case Problem::NameWrong: return {"name-wrong", "the name is listed and cannot be opened", kRepair};
    case Problem::MailboxUnnamed: return {"mailbox-unnamed", "the mailbox is there and is not shown", kRepair};
    case Problem::CountsWrong: return {"counts-wrong", "mail programs show wrong numbers", kRepair};
    case Problem::UidNextLow: return {"uidnext-low", "a UID could be given a second time", kRepair};
    case Problem::ModSeqLow: return {"modseq-low", "mail programs miss changes of flags", kRepair};
    case Problem::UidValidityLow:
      return {"uidvalidity-low", "a mailbox made anew could look like its predecessor", kRepair};
    case Problem::LogWrong: return {"log-wrong", "mail programs may not learn of every change", kRepair};
    default: return {"keyword-unknown", "a label of the message has lost its name", kRepair};
  }
}

Words of_body(Problem problem) {
  switch (problem) {
    case Problem::BodyMissing: return {"body-missing", "the message is listed and cannot be read", kRestorePart};
    case Problem::BodyDamaged:
      return {"body-damaged", "the message is refused to readers, never shown wrong", kRestorePart};
    case Problem::SizeWrong: return {"size-wrong", "the message cannot be read whole", kRepair};
    case Problem::BodyNumberWrong:
      return {"body-number-wrong", "the same message stored again takes room twice, or cannot be stored", kRepair};
    case Problem::SummaryDamaged:
      return {"summary-damaged", "the message is missing from lists; its octets are whole", kRepair};
    case Problem::ReferencesWrong:
      return {"references-wrong", "the body could be removed too early, or never", kRepair};
    case Problem::DeliveryWrong:
      return {"delivery-wrong", "a note about a delivery goes too early (mail could come twice), or never", kRepair};
    case Problem::AclWrong:
      return {"acl-wrong", "a shared mailbox is missing from somebody's list, or listed in vain", kRepair};
    default: return {"garbage-wrong", "the body's room is never given back", kRepair};
  }
}

Words of_queue(Problem problem) {
  switch (problem) {
    case Problem::EntrySetAside:
      return {"entry-set-aside", "the mail is not sent and its sender is not told",
              "`hearthmail restore DIR --queue` brings it back on hold; `hearthmail queue delete ID` gives it up"};
    case Problem::EntryIllegal:
      return {"entry-illegal", "the mail may not be sent, or its sender not be told",
              "look at it: `hearthmail queue show ID`; then hold, retry or delete it"};
    case Problem::EntryBodyDamaged:
      return {"entry-body-damaged", "the mail cannot be sent; it is refused, never sent wrong",
              "`hearthmail restore DIR --queue` brings it back on hold; or tell the sender and `hearthmail queue "
              "delete ID`"};
    case Problem::DueWrong: return {"due-wrong", "the mail could wait for ever", kRepair};
    default: return {"unreported-wrong", "a sender could miss a bounce", kRepair};
  }
}

Words words(Problem problem) {
  if (problem <= Problem::CounterBehind) return of_any(problem);
  if (problem <= Problem::TargetMissing) return of_accounts(problem);
  if (problem <= Problem::KeywordUnknown) return of_mailbox(problem);
  if (problem <= Problem::AclWrong) return of_body(problem);
  return of_queue(problem);
}

}  // namespace

std::string_view name(Problem problem) { return words(problem).name; }
std::string_view meaning(Problem problem) { return words(problem).meaning; }

std::string_view advice(const Finding& finding) {
  if (finding.problem != Problem::BadRecord) return words(finding.problem).advice;
  for (const BadRecordAdvice& one : kBadRecords) {
    if (one.environment == finding.environment && one.table == finding.table) return one.advice;
  }
  return kRepair;
}

std::uint64_t Report::octets() const {
  return std::accumulate(tables.begin(), tables.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const TableCount& table) { return sum + table.octets; });
}

}  // namespace hearthmail::store::maintenance
