#include "tests/crash/trace/verify.hpp"

#include <set>
#include <sstream>

#include "common/crypto/digest.hpp"
#include "tests/crash/trace/objects.hpp"

namespace hearthmail::crash {

using base::Error;
using base::Result;
using base::Status;
using store::lmdb::ReadTxn;
using store::lmdb::WriteTxn;
namespace mail = store::mail;
namespace queue = store::queue;
namespace accounts = store::accounts;

namespace {

Result<Contents> contents_of(store::lmdb::Env& env, std::uint8_t environment) {
  return env.read([&](const ReadTxn& txn) {
    if (environment == kMail) return mail_contents(txn);
    if (environment == kQueue) return queue_contents(txn);
    return accounts_contents(txn);
  });
}

std::size_t doubled_messages(const std::string& state) {
  std::istringstream lines(state);
  std::set<std::string> uids;
  std::size_t doubled = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("message ")) continue;
    if (!uids.insert(line.substr(0, line.find(" modseq"))).second) ++doubled;
  }
  return doubled;
}

class Comparison {
 public:
  Comparison(const Contents& found, const History& history) : found_(found), history_(history) {}

  Verdict judge(const std::vector<std::uint64_t>& allowed) {
    for (const auto& [body, sum] : found_.bodies) {
      if (history_.body(body) == sum) continue;
      ++verdict_.altered;
      verdict_.text += body + " has other octets than were sent\n";
    }
    for (const auto& [object, state] : found_.objects) {
      const std::size_t twice = doubled_messages(state);
      if (twice > 0) verdict_.text += object + " holds messages twice\n";
      verdict_.doubled += twice;
    }
    for (const auto sequence : allowed) {
      if (history_.state(sequence) == found_.objects) return verdict_;
    }
    differ(allowed.front());
    return verdict_;
  }

 private:
  void differ(std::uint64_t acked) {
    const Objects wanted = history_.state(acked);
    std::set<std::string> names;
    for (const auto& [object, state] : wanted) names.insert(object);
    for (const auto& [object, state] : found_.objects) names.insert(object);
    verdict_.text += "the contents are those of no moment from operation " + std::to_string(acked) + " on\n";
    for (const auto& object : names) {
      const auto want = wanted.find(object), have = found_.objects.find(object);
      const std::string expected = want == wanted.end() ? "" : want->second;
      const std::string actual = have == found_.objects.end() ? "" : have->second;
      if (expected == actual) continue;
      const bool older = history_.was_before(object, actual, acked);
      if (older) ++verdict_.lost;
      else ++verdict_.altered;
      verdict_.text += object + (older ? " is older than acknowledged" : " differs") + "\n  wanted: " + expected +
                       "\n  found:  " + actual + "\n";
    }
  }

  const Contents& found_;
  const History& history_;
  Verdict verdict_;
};

Verdict failed(const std::string& what, const Error& error) {
  Verdict verdict;
  verdict.text = what + ": " + error.text + "\n";
  return verdict;
}

template <class Store>
Verdict verify_in(const std::string& directory, std::uint8_t environment, const History& history,
                  const std::vector<std::uint64_t>& allowed, bool go_on) {
  std::string sound;  // what must still be there after more was written
  {
    auto store = Store::open(directory);
    if (!store.ok()) return failed("open", store.error());
    const auto found = contents_of((*store)->env(), environment);
    if (!found.ok()) return failed("read", found.error());
    Verdict verdict = Comparison(*found, history).judge(allowed);
    if (verdict.bad() || !go_on) return verdict;
    const Status more = take_more((*store)->env(), environment, 0);
    if (!more.ok()) return failed("go on after the crash", more.error());
  }
  auto again = Store::open(directory);
  if (!again.ok()) return failed("open again", again.error());
  const auto found = contents_of((*again)->env(), environment);
  return found.ok() ? Verdict{} : failed("read again", found.error());
}

}  // namespace

Status take_more(store::lmdb::Env& env, std::uint8_t environment, int number) {
  return env.write([&](WriteTxn& txn) -> Status {
    if (environment == kMail) {
      const auto body = mail::prepare_body(
          "Subject: after the crash " + std::to_string(number) + "\r\n\r\n" + std::string(9000, 'x'), "summary");
      mail::Arrival arrival;
      arrival.body = &body;
      TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, base::AccountId{1}, "INBOX"));
      TRY_ASSIGN(const auto appended, mail::append(txn, inbox.id, arrival));
      if (appended.uid.value != inbox.uid_next) return Error{base::Errc::Internal, "a UID was not the next one"};
    } else if (environment == kQueue) {
      queue::Recipient to;
      to.address = "after@far.example";
      TRY_ASSIGN([[maybe_unused]] const auto id,
                 queue::enqueue(txn, {}, {to}, queue::prepare_body(std::string(9000, 'x'))));
    } else {
      return accounts::add_domain(txn, "after" + std::to_string(number) + ".example");
    }
    return base::ok();
  });
}

std::string inbox_object(store::lmdb::Env& env, std::uint8_t environment) {
  if (environment != kMail) return {};
  const auto inbox = env.read([](const ReadTxn& txn) { return mail::find_mailbox(txn, base::AccountId{1}, "INBOX"); });
  return inbox.ok() ? mailbox_object(inbox->id) : std::string();
}

Verdict verify(const std::string& directory, std::uint8_t environment, const History& history, std::size_t at,
               bool acks_at_begin, bool go_on) {
  const auto allowed = history.allowed(at, acks_at_begin);
  if (environment == kMail) return verify_in<mail::Store>(directory, environment, history, allowed, go_on);
  if (environment == kQueue) return verify_in<queue::Store>(directory, environment, history, allowed, go_on);
  return verify_in<accounts::Store>(directory, environment, history, allowed, go_on);
}

}  // namespace hearthmail::crash
