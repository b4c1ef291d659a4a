#include "tests/crash/trace/objects.hpp"

#include <sstream>

#include "common/crypto/digest.hpp"

namespace hearthmail::crash {

using base::Errc;
using base::Result;
using base::Status;
using store::lmdb::ReadTxn;
namespace mail = store::mail;
namespace queue = store::queue;
namespace accounts = store::accounts;

namespace {

constexpr std::uint64_t kWhole = ~std::uint64_t{0};

std::string message_line(const mail::Message& message) {
  std::ostringstream out;
  out << "message " << message.uid.value << " modseq " << message.modseq.value << " flags "
      << int{message.flags.system};
  for (const auto keyword : message.flags.keywords) out << "," << keyword;
  out << " dates " << message.internal_date << " " << message.zone_minutes << " " << message.save_date << " octets "
      << message.octets << " blob " << message.blob << " email " << message.email.value << "\n";
  return out.str();
}

void add_changes(std::ostringstream& out, const mail::Changes& changes) {
  out << "log " << changes.highest.value << " " << changes.uid_next << " " << changes.exact << " changed";
  for (const auto uid : changes.changed) out << " " << uid.value;
  out << " expunged";
  for (const auto& gone : changes.expunged) out << " " << gone.first.value << ":" << gone.last.value;
  out << "\n";
}

std::string entry_text(const queue::Entry& entry) {
  std::ostringstream out;
  const auto& envelope = entry.envelope;
  out << "generation " << entry.generation << " from <" << envelope.reverse_path << "> account "
      << envelope.account.value << " envid " << envelope.envid << " octets " << envelope.octets << " arrived "
      << envelope.arrived << " message-id " << envelope.message_id << "\n";
  for (const auto& to : entry.recipients) {
    out << "to <" << to.address << "> state " << static_cast<int>(to.state) << " attempts " << to.attempts << " next "
        << to.next_attempt << " lease " << to.lease_until << " route " << to.route << " reply " << to.reply
        << " status " << to.status << " finished " << to.finished << " told " << to.delay_notified << to.dsn_done
        << "\n";
  }
  return out.str();
}

}  // namespace

std::string mailbox_object(mail::MailboxId box) { return "mailbox " + std::to_string(box.value); }
std::string account_object(std::uint64_t account) { return "mailboxes of account " + std::to_string(account); }
std::string entry_object(base::QueueId id) { return "entry " + std::to_string(id.value); }

Result<std::string> mailbox_state(const ReadTxn& txn, mail::MailboxId box) {
  const auto record = mail::load_mailbox(txn, box);
  if (!record.ok()) {
    if (record.error().code == Errc::NotFound) return std::string();
    return record.error();
  }
  std::ostringstream out;
  out << "name " << record->name << " use " << static_cast<int>(record->special_use) << " validity "
      << record->uid_validity << " next " << record->uid_next << " modseq " << record->highest_modseq.value
      << " messages " << record->messages << " unseen " << record->unseen << " deleted " << record->deleted
      << " recent " << record->recent_from << " octets " << record->octets << "\nkeywords";
  TRY_ASSIGN(const auto keywords, mail::keywords(txn, box));
  for (const auto& keyword : keywords) out << " " << keyword;
  out << "\n";
  const auto each = [&](const mail::Message& message) {
    out << message_line(message);
    return true;
  };
  TRY_ASSIGN([[maybe_unused]] const auto rest,
             mail::scan_messages(txn, box, base::Uid{1}, base::Uid{0xFFFFFFFF}, each));
  TRY_ASSIGN(const auto changes, mail::changes_since(txn, box, base::ModSeq{0}));
  add_changes(out, changes);
  return out.str();
}

Result<std::string> account_state(const ReadTxn& txn, std::uint64_t account) {
  TRY_ASSIGN(const auto boxes, mail::list_mailboxes(txn, base::AccountId{account}));
  TRY_ASSIGN(const auto subscriptions, mail::list_subscriptions(txn, base::AccountId{account}));
  if (boxes.empty() && subscriptions.empty()) return std::string();
  std::ostringstream out;
  for (const auto& box : boxes) out << box.id.value << " " << box.name << "\n";
  for (const auto& name : subscriptions) out << "subscribed " << name << "\n";
  return out.str();
}

Result<std::string> entry_state(const ReadTxn& txn, base::QueueId id) {
  TRY_ASSIGN(const auto entry, queue::find(txn, id));
  return entry ? entry_text(*entry) : std::string();
}

Result<std::string> pauses_state(const ReadTxn& txn) {
  TRY_ASSIGN(const auto pauses, queue::list_pauses(txn));
  std::ostringstream out;
  for (const auto& pause : pauses) {
    out << pause.route << " " << pause.reason << " " << pause.since << " " << pause.until << " " << pause.by_operator
        << "\n";
  }
  return out.str();
}

Result<std::string> accounts_state(const ReadTxn& txn) {
  std::ostringstream out;
  TRY_ASSIGN(const auto domains, accounts::list_domains(txn));
  for (const auto& domain : domains) out << "domain " << domain.name << " " << domain.catch_all << "\n";
  TRY_ASSIGN(const auto all, accounts::list_accounts(txn));
  for (const auto& one : all) {
    out << "account " << one.id.value << " " << one.address << " " << one.credential << " " << one.created << " "
        << one.disabled << "\n";
    TRY_ASSIGN(const auto found, accounts::find_account(txn, one.address));
    if (!found || found->id != one.id) out << "and its login is missing\n";
  }
  TRY_ASSIGN(const auto aliases, accounts::list_aliases(txn));
  for (const auto& alias : aliases) {
    out << "alias " << alias.address;
    for (const auto& target : alias.targets) out << " " << target;
    out << "\n";
  }
  return out.str();
}

Result<Contents> mail_contents(const ReadTxn& txn) {
  Contents contents;
  const auto put = [&](const std::string& object, std::string state) {
    if (!state.empty()) contents.objects[object] = std::move(state);
  };
  for (std::uint64_t account = 1; account <= kMailAccounts; ++account) {
    TRY_ASSIGN(auto listed, account_state(txn, account));
    put(account_object(account), std::move(listed));
    TRY_ASSIGN(const auto boxes, mail::list_mailboxes(txn, base::AccountId{account}));
    for (const auto& box : boxes) {
      TRY_ASSIGN(auto state, mailbox_state(txn, box.id));
      put(mailbox_object(box.id), std::move(state));
      std::vector<std::uint64_t> blobs;
      const auto each = [&](const mail::Message& message) {
        blobs.push_back(message.blob);
        return true;
      };
      TRY_ASSIGN([[maybe_unused]] const auto rest,
                 mail::scan_messages(txn, box.id, base::Uid{1}, base::Uid{0xFFFFFFFF}, each));
      for (const auto blob : blobs) {
        std::string& sum = contents.bodies["blob " + std::to_string(blob)];
        if (!sum.empty()) continue;
        TRY_ASSIGN(const auto octets, mail::read_body(txn, blob, 0, kWhole));
        TRY_ASSIGN(const auto summary, mail::read_summary(txn, blob));
        sum = crypto::sha256(octets + std::string(summary));
      }
    }
  }
  return contents;
}

Result<Contents> queue_contents(const ReadTxn& txn) {
  Contents contents;
  TRY_ASSIGN(const auto entries, queue::list(txn, 1'000'000));
  for (const auto& entry : entries) {
    contents.objects[entry_object(entry.id)] = entry_text(entry);
    TRY_ASSIGN(const auto octets, queue::read_body(txn, entry.id, 0, kWhole));
    contents.bodies[entry_object(entry.id)] = crypto::sha256(octets);
  }
  TRY_ASSIGN(auto pauses, pauses_state(txn));
  if (!pauses.empty()) contents.objects[kPausesObject] = std::move(pauses);
  return contents;
}

Result<Contents> accounts_contents(const ReadTxn& txn) {
  Contents contents;
  TRY_ASSIGN(auto all, accounts_state(txn));
  if (!all.empty()) contents.objects[kAccountsObject] = std::move(all);
  return contents;
}

}  // namespace hearthmail::crash
