#include "tests/crash/trace/mail_actor.hpp"

#include <algorithm>

#include "common/crypto/digest.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "receiver/delivery/steps.hpp"

namespace hearthmail::crash {

using base::AccountId;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using base::Uid;
using store::lmdb::Isolation;
using store::lmdb::ReadTxn;
namespace mail = store::mail;

namespace {

constexpr std::size_t kMostMessages = 40;  // of one mailbox: an image is read as a whole
constexpr std::size_t kLargeLetter = 1'200'000;
constexpr base::UnixTime kNow = 1'795'000'000;

Status add_state(const ReadTxn& txn, base::MailboxId box, Objects& touched) {
  TRY_ASSIGN(touched[mailbox_object(box)], mailbox_state(txn, box));
  return base::ok();
}

Status add_account(const ReadTxn& txn, AccountId account, Objects& touched) {
  TRY_ASSIGN(touched[account_object(account.value)], account_state(txn, account.value));
  TRY_ASSIGN(const auto boxes, mail::list_mailboxes(txn, account));
  for (const auto& box : boxes) TRY(add_state(txn, box.id, touched));
  return base::ok();
}

}  // namespace

Status MailActor::run(unsigned operations) {
  for (unsigned i = 0; i < operations; ++i) {
    const auto what = below(100);
    if (what < 34) TRY(deliver(i % 97 == 50));
    else if (what < 40) TRY(append_many());
    else if (what < 44) TRY(refuse());
    else if (what < 60) TRY(store_flags());
    else if (what < 68) TRY(transfer(false));
    else if (what < 78) TRY(transfer(true));
    else if (what < 94) TRY(expunge());
    else if (what < 98) TRY(mailboxes());
    else TRY(recent());
  }
  return base::ok();
}

Result<mail::Mailbox> MailActor::some_mailbox(const ReadTxn& txn) {
  TRY_ASSIGN(const auto boxes, mail::list_mailboxes(txn, AccountId{1 + below(kMailAccounts)}));
  if (boxes.empty()) return Error{Errc::NotFound, "no mailbox"};
  return boxes[below(boxes.size())];
}

Result<std::vector<Uid>> MailActor::some_uids(const ReadTxn& txn, base::MailboxId box, std::size_t most) {
  TRY_ASSIGN(auto uids, mail::list_uids(txn, box));
  std::shuffle(uids.begin(), uids.end(), random_);
  if (uids.size() > most) uids.resize(most);
  std::sort(uids.begin(), uids.end());
  return uids;
}

mail::PreparedBody MailActor::prepare(std::size_t octets, std::string& sum) {
  std::string text;
  if (!sent_.empty() && chance(15)) text = sent_[below(sent_.size())];
  else text = letter(octets);
  if (text.size() < 10'000 && sent_.size() < 20) sent_.push_back(text);
  const std::string summary = mime::encode(mime::summarize(text, mime::index_message(text)));
  sum = crypto::sha256(text + summary);
  return mail::prepare_body(text, summary);
}

Status MailActor::expect(const ReadTxn& txn, base::MailboxId box, const std::string& sum) {
  TRY_ASSIGN(const auto uids, mail::list_uids(txn, box));
  if (uids.empty()) return Error{Errc::Internal, "an arrival did not arrive"};
  TRY_ASSIGN(const auto message, mail::find_message(txn, box, uids.back()));
  if (!message) return Error{Errc::Internal, "an arrival did not arrive"};
  record_.histories[environment_].expect_body("blob " + std::to_string(message->blob), sum);
  return base::ok();
}

// As port 25 and LMTP do it: the same octets into one or several INBOXes.
Status MailActor::deliver(bool large) {
  std::string sum;
  const auto body = prepare(large ? kLargeLetter : letter_size(), sum);
  std::vector<AccountId> to{AccountId{1 + below(kMailAccounts)}};
  if (chance(30)) to.push_back(AccountId{1 + to[0].value % kMailAccounts});
  const auto work = [&](WriteTxn& txn) -> Result<Objects> {
    Objects touched;
    TRY_ASSIGN([[maybe_unused]] const auto answers, receiver::delivery::append_to_inboxes(txn, to, body, kNow, true));
    for (const auto account : to) {
      TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, account, "INBOX"));
      TRY(expect(txn, inbox.id, sum));
      TRY(add_state(txn, inbox.id, touched));
    }
    return touched;
  };
  return operate(work, large ? Isolation::Own : Isolation::Child);
}

// MULTIAPPEND, RFC 3502: all or nothing.
Status MailActor::append_many() {
  std::vector<std::string> sums(2 + below(4));
  std::vector<mail::PreparedBody> bodies;
  for (auto& sum : sums) bodies.push_back(prepare(letter_size() / 4, sum));
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    Objects touched;
    TRY_ASSIGN(const auto box, some_mailbox(txn));
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      mail::Arrival arrival;
      arrival.body = &bodies[i];
      arrival.system_flags = mail::kSeen;
      arrival.keywords = {"$Forwarded", "colour" + std::to_string(below(6))};
      arrival.internal_date = arrival.save_date = kNow;
      TRY_ASSIGN([[maybe_unused]] const auto appended, mail::append(txn, box.id, arrival));
      TRY(expect(txn, box.id, sums[i]));
    }
    TRY(add_state(txn, box.id, touched));
    return touched;
  });
}

// Writes, then fails: rolled back alone, in a group of others.
Status MailActor::refuse() {
  std::string sum;
  const auto body = prepare(letter_size(), sum);
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    TRY_ASSIGN(const auto box, some_mailbox(txn));
    mail::Arrival arrival;
    arrival.body = &body;
    TRY_ASSIGN([[maybe_unused]] const auto appended, mail::append(txn, box.id, arrival));
    return Error{Errc::OverLimit, "refused on purpose"};
  });
}

Status MailActor::store_flags() {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    Objects touched;
    TRY_ASSIGN(const auto box, some_mailbox(txn));
    TRY_ASSIGN(const auto uids, some_uids(txn, box.id, 12));
    mail::FlagChange change;
    change.mode = static_cast<mail::FlagMode>(below(3));
    change.system = static_cast<std::uint8_t>(below(32));
    if (chance(30)) change.keywords = {"label" + std::to_string(below(5))};
    TRY_ASSIGN([[maybe_unused]] const auto stored, mail::store_flags(txn, box.id, uids, change));
    TRY(add_state(txn, box.id, touched));
    return touched;
  });
}

Status MailActor::transfer(bool moving) {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    Objects touched;
    TRY_ASSIGN(const auto from, some_mailbox(txn));
    TRY_ASSIGN(const auto to, some_mailbox(txn));
    if (from.id == to.id || (!moving && to.messages > kMostMessages)) return touched;
    TRY_ASSIGN(const auto uids, some_uids(txn, from.id, moving ? 10 : 3));
    TRY_ASSIGN([[maybe_unused]] const auto copied,
               moving ? mail::move(txn, from.id, uids, to.id) : mail::copy(txn, from.id, uids, to.id));
    TRY(add_state(txn, from.id, touched));
    TRY(add_state(txn, to.id, touched));
    return touched;
  });
}

Status MailActor::expunge() {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    Objects touched;
    TRY_ASSIGN(const auto box, some_mailbox(txn));
    TRY_ASSIGN(const auto uids, some_uids(txn, box.id, box.messages > kMostMessages ? box.messages / 2 : 4));
    TRY_ASSIGN([[maybe_unused]] const auto gone, mail::expunge(txn, box.id, uids, false));
    TRY(add_state(txn, box.id, touched));
    return touched;
  });
}

Status MailActor::mailboxes() {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    Objects touched;
    const AccountId account{1 + below(kMailAccounts)};
    const std::string name = "Projects/" + std::to_string(below(4));
    const auto found = mail::find_mailbox(txn, account, name);
    if (!found.ok()) {
      TRY_ASSIGN([[maybe_unused]] const auto made, mail::create_mailbox(txn, account, name));
      TRY(mail::set_subscribed(txn, account, name, true));
    } else if (chance(50)) {
      TRY(mail::rename_mailbox(txn, account, name, "Old/" + std::to_string(below(1000))));
    } else {
      TRY(mail::delete_mailbox(txn, found->id));
      touched[mailbox_object(found->id)] = "";
    }
    TRY(add_account(txn, account, touched));
    return touched;
  });
}

Status MailActor::recent() {
  return operate([&](WriteTxn& txn) -> Result<Objects> {
    Objects touched;
    TRY_ASSIGN(const auto box, some_mailbox(txn));
    TRY_ASSIGN([[maybe_unused]] const auto from, mail::claim_recent(txn, box.id));
    TRY(add_state(txn, box.id, touched));
    return touched;
  });
}

}  // namespace hearthmail::crash
