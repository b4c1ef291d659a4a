#include "tests/crash/corruption/judge.hpp"

#include <charconv>
#include <memory>
#include <set>
#include <sstream>

#include "common/crypto/digest.hpp"
#include "tests/crash/corruption/words.hpp"
#include "tests/crash/trace/verify.hpp"

namespace hearthmail::crash {

using base::Errc;
using base::Error;
using base::Result;
using store::lmdb::ReadTxn;
namespace mail = store::mail;
namespace queue = store::queue;
namespace accounts = store::accounts;

namespace {

std::uint64_t number_in(const std::string& name) {
  std::uint64_t number = 0;
  const std::size_t at = name.find_last_of(' ') + 1;
  std::from_chars(name.data() + at, name.data() + name.size(), number);
  return number;
}

Result<std::string> object_state(const ReadTxn& txn, const std::string& object) {
  const std::uint64_t number = number_in(object);
  if (object.starts_with("mailbox ")) return mailbox_state(txn, base::MailboxId{number});
  if (object.starts_with("mailboxes ")) return account_state(txn, number);
  if (object.starts_with("entry ")) return entry_state(txn, base::QueueId{number});
  if (object == kPausesObject) return pauses_state(txn);
  return accounts_state(txn);
}

Result<std::string> body_sum(const ReadTxn& txn, const std::string& body) {
  const std::uint64_t number = number_in(body);
  if (body.starts_with("entry ")) {
    TRY_ASSIGN(const auto octets, queue::read_body(txn, base::QueueId{number}, 0, ~std::uint64_t{0}));
    return crypto::sha256(octets);
  }
  TRY_ASSIGN(const auto octets, mail::read_body(txn, number, 0, ~std::uint64_t{0}));
  TRY_ASSIGN(const auto summary, mail::read_summary(txn, number));
  return crypto::sha256(octets + std::string(summary));
}

bool helps(const Error& error) { return error.text.find("hearthmail restore") != std::string::npos; }

// Nothing in `found` that was not there: only lines are missing.
bool only_lacks(const std::string& found, const std::string& expected) {
  std::istringstream whole(expected), part(found);
  std::set<std::string> lines;
  for (std::string line; std::getline(whole, line);) lines.insert(line);
  for (std::string line; std::getline(part, line);) {
    if (!lines.contains(line)) return false;
  }
  return true;
}

class Reader {
 public:
  // `named`: the open has named a record that may be missing where it belongs.
  Reader(Words& words, bool named, Judgement& judgement) : words_(words), named_(named), judgement_(judgement) {}

  void look(const std::string& what, const Result<std::string>& found, const std::string& expected) {
    const std::string words = words_.since();  // said while `found` was read
    if (found.ok() && *found == expected) return;
    const bool corrupt = !found.ok() && found.error().code == Errc::Corrupt;
    const bool missing = found.ok() ? only_lacks(*found, expected) : found.error().code == Errc::NotFound;
    if (corrupt || (missing && (named_ || name_damage(words)))) {
      judgement_.outcome = std::max(judgement_.outcome, Outcome::Reported);
      return;
    }
    bad(what, found, expected, words);
  }

 private:
  void bad(const std::string& what, const Result<std::string>& found, const std::string& expected,
           const std::string& words) {
    judgement_.outcome = Outcome::Bad;
    const bool missing = !found.ok() || only_lacks(*found, expected);
    if (missing) ++judgement_.lost;
    else ++judgement_.altered;
    judgement_.text +=
        what + (missing ? " is missing" : " differs") +
        (found.ok() ? "\n  expected " + expected + "\n  found    " + *found : ": " + found.error().text) + "\n" + words;
  }

  Words& words_;
  bool named_;
  Judgement& judgement_;
};

template <class Store>
Result<std::unique_ptr<Store>> open(const std::string& directory, Judgement& judgement) {
  auto store = Store::open(directory);
  if (store.ok()) return store;
  const Errc code = store.error().code;
  const bool good = (code == Errc::Corrupt || code == Errc::Unsupported) && helps(store.error());
  judgement.outcome = good ? Outcome::Refused : Outcome::Bad;
  judgement.text += "open: " + store.error().text + "\n";
  return store;
}

void read_all(store::lmdb::Env& env, const Contents& expected, Words& words, Judgement& judgement) {
  Reader reader(words, env.stats().lost_records > 0, judgement);
  const auto read = env.read([&](const ReadTxn& txn) -> base::Status {
    for (const auto& [object, state] : expected.objects) reader.look(object, object_state(txn, object), state);
    for (const auto& [body, sum] : expected.bodies) reader.look("the body of " + body, body_sum(txn, body), sum);
    return base::ok();
  });
  if (!read.ok()) reader.look("a snapshot", read.error(), "");
}

// The entries that the relay would take sooner or later; nothing is changed.
std::set<std::string> claimed(store::lmdb::Env& env) {
  constexpr base::UnixTime kFarFuture = 1'000'000'000'000;
  std::set<std::string> found;
  const auto rolled_back = env.write([&](store::lmdb::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN([[maybe_unused]] const auto leases, queue::release_leases(txn, 1));
    TRY_ASSIGN(const auto claims, queue::claim_due(txn, kFarFuture, kFarFuture + 1, 1'000'000));
    for (const auto& claim : claims) found.insert(entry_object(claim.entry.id));
    return Error{Errc::Denied, "only looked at"};
  });
  static_cast<void>(rolled_back);
  return found;
}

// Every entry that waits (is in flight, in doubt) and can be read is due some time.
void look_at_due(store::lmdb::Env& env, const Contents& expected, Words& words, Judgement& judgement) {
  const auto found = claimed(env);
  Reader reader(words, env.stats().lost_records > 0, judgement);
  for (const auto& [object, state] : expected.objects) {
    bool waits = false;
    for (const char* one : {" state 0 ", " state 1 ", " state 2 "}) waits = waits || state.find(one) != state.npos;
    if (!waits || found.contains(object)) continue;
    const auto now = env.read([&](const ReadTxn& txn) { return object_state(txn, object); });
    reader.look("the due time of " + object, now.ok() ? Result<std::string>("") : now, "some time");
  }
}

template <class Store>
Judgement judge_in(const std::string& directory, std::uint8_t environment, Contents expected) {
  Words words;
  Judgement judgement;
  {
    const auto store = open<Store>(directory, judgement);
    if (!store.ok()) return judgement;
    if (words.since().find("was put back") != std::string::npos) judgement.outcome = Outcome::Mended;
    read_all((*store)->env(), expected, words, judgement);
    if (environment == kQueue) look_at_due((*store)->env(), expected, words, judgement);
    if (judgement.outcome == Outcome::Bad) return judgement;
    // Damage that was overlooked shows when new pages are taken from the free list.
    for (int i = 0; i < 3; ++i) {
      const auto more = take_more((*store)->env(), environment, i);
      if (!more.ok() && more.error().code == Errc::Corrupt)
        judgement.outcome = std::max(judgement.outcome, Outcome::Reported);
    }
    expected.objects.erase(kAccountsObject);  // what take_more changes
    expected.objects.erase(inbox_object((*store)->env(), environment));
    read_all((*store)->env(), expected, words, judgement);
    if (judgement.outcome == Outcome::Bad) return judgement;
  }
  Judgement again = judgement;
  const auto store = open<Store>(directory, again);
  if (store.ok()) read_all((*store)->env(), expected, words, again);
  if (again.outcome == Outcome::Refused) again.outcome = Outcome::Bad;  // it was sound a moment ago
  return again;
}

}  // namespace

Judgement judge(const std::string& directory, std::uint8_t environment, const Contents& expected) {
  if (environment == kMail) return judge_in<mail::Store>(directory, environment, expected);
  if (environment == kQueue) return judge_in<queue::Store>(directory, environment, expected);
  return judge_in<accounts::Store>(directory, environment, expected);
}

Result<Contents> read_contents(const std::string& directory, std::uint8_t environment) {
  if (environment == kMail) {
    TRY_ASSIGN(const auto store, mail::Store::open(directory));
    return store->env().read(mail_contents);
  }
  if (environment == kQueue) {
    TRY_ASSIGN(const auto store, queue::Store::open(directory));
    return store->env().read(queue_contents);
  }
  TRY_ASSIGN(const auto store, accounts::Store::open(directory));
  return store->env().read(accounts_contents);
}

}  // namespace hearthmail::crash
