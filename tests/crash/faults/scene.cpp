#include "tests/crash/faults/scene.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

#include "common/base/text.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "common/smtp/server_session.hpp"
#include "receiver/delivery/local_policy.hpp"
#include "receiver/imap/session.hpp"
#include "receiver/lmtp/lmtp.hpp"
#include "receiver/smtp/smtp.hpp"
#include "store/maintenance/check.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"

namespace hearthmail::crash {

namespace mail = store::mail;
namespace queue = store::queue;
namespace accounts = store::accounts;
using store::lmdb::ReadTxn;
using store::lmdb::WriteTxn;

namespace {

// "secret" by argon2id with the least memory: the login is not what fails here.
const std::string kHash =
    "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$39tbUSD70LTTCIyCWo9t5sDidhNPptw1P94ISzTyALc";

// Before anything is armed, and after the last operation: a failure here is the harness's own.
template <class T>
T need(base::Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "nth_call: %s\n", result.error().text.c_str());
  std::abort();
}
void need(const base::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "nth_call: %s\n", status.error().text.c_str());
  std::abort();
}

// Hands out `before`; when all of it was answered, calls begin() and hands out `armed`; then end() and the end.
class ArmedStream : public test::ScriptedStream {
 public:
  ArmedStream(const std::string& before, std::string armed, Scene& scene, std::string& out)
      : ScriptedStream(before), armed_(std::move(armed)), scene_(scene), out_(out) {
    set_tls_active();
  }
  ~ArmedStream() override { out_ = output(); }

  base::Task<base::Result<std::size_t>> read(std::span<char> buffer) override {
    if (drained() && !began_) {
      began_ = true;
      take_output();
      append_input(armed_);
      scene_.begin();
    } else if (drained() && !ended_) {
      ended_ = true;
      scene_.end();
    }
    return ScriptedStream::read(buffer);
  }

 private:
  std::string armed_;
  Scene& scene_;
  std::string& out_;
  bool began_ = false;
  bool ended_ = false;
};

base::Task<void> no_pause(std::chrono::milliseconds) { co_return; }

base::Task<void> serve_imap(std::unique_ptr<net::Stream> stream, const receiver::imap::Services& services) {
  receiver::imap::Session session(*stream, services, no_pause);
  co_await session.run();
}

void put_message(mail::Store& boxes, base::AccountId account, const std::string& message) {
  const auto body = mail::prepare_body(message, mime::encode(mime::summarize(message, mime::index_message(message))));
  need(boxes.env().write([&](WriteTxn& txn) -> base::Status {
    TRY(mail::ensure_account(txn, account));
    TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, account, "INBOX"));
    mail::Arrival arrival;
    arrival.body = &body;
    TRY(mail::append(txn, inbox.id, arrival));
    return base::ok();
  }));
}

base::QueueId put_entry(queue::Store& outgoing, base::AccountId account, const std::string& to) {
  queue::Envelope envelope;
  envelope.reverse_path = "anna@x.test";
  envelope.account = account;
  envelope.arrived = kNow;
  queue::Recipient recipient;
  recipient.address = to;
  const auto body = queue::prepare_body(letter("queued", 3000));
  return need(
      outgoing.env().write([&](WriteTxn& txn) { return queue::enqueue(txn, envelope, std::vector{recipient}, body); }));
}

}  // namespace

std::string letter(const std::string& subject, std::size_t octets) {
  std::string out = "From: Bob <bob@example.org>\r\nTo: anna@x.test\r\nSubject: " + subject +
                    "\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <" + subject + "@example.org>\r\n\r\n";
  std::minstd_rand chance(static_cast<unsigned>(octets));
  while (octets > 0) {
    const std::size_t count = std::min<std::size_t>(octets, 70);
    for (std::size_t i = 0; i < count; ++i) out += static_cast<char>('a' + static_cast<int>(chance() % 26));
    out += "\r\n";
    octets -= count;
  }
  return out;
}

Scene::Scene(const std::string& directory)
    : people(need(accounts::Store::open(directory + "/accounts"))),
      boxes(need(mail::Store::open(directory + "/mail"))),
      outgoing(need(queue::Store::open(directory + "/queue"))),
      begin([] {}),
      end([] {}),
      directory_(directory),
      authenticator_(
          workers_,
          [this](std::string_view login) -> base::Result<std::optional<auth::Credential>> {
            if (login != "anna@x.test") return std::optional<auth::Credential>{};
            return std::optional(auth::Credential{anna, "anna@x.test", kHash, false});
          },
          clock_) {
  const auto look_up = [this](const ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto first, accounts::find_account(txn, "anna@x.test"));
    TRY_ASSIGN(const auto second, accounts::find_account(txn, "berta@x.test"));
    if (first) anna = first->id;
    if (second) berta = second->id;
    return base::ok();
  };
  need(people->env().read(look_up));
  const std::string spool = directory + "/spool";
  constexpr std::uint64_t kLimit = 4'000'000;
  local_ = std::make_unique<receiver::delivery::Delivery>(
      receiver::delivery::Services{workers_, *boxes, *people, clock_, "mx.test", spool, kLimit});
  imap_.reset(new receiver::imap::Services{*boxes, authenticator_, workers_, clock_, "mx.test", spool, kLimit});
  submission_.reset(new relay::submission::Services{workers_, authenticator_, *people, *outgoing, clock_, "mx.test",
                                                    spool, directory + "/relay.bell", kLimit});
  boxes->env().on_failed([this](const base::Error&) { fatal_ = true; });
  outgoing->env().on_failed([this](const base::Error&) { fatal_ = true; });
}

void Scene::make(const std::string& directory) {
  Scene scene(directory);
  need(scene.people->env().write([&](WriteTxn& txn) -> base::Status {
    TRY(accounts::add_domain(txn, "x.test"));
    TRY_ASSIGN(scene.anna, accounts::add_account(txn, "anna@x.test", kHash, kNow));
    TRY_ASSIGN(scene.berta, accounts::add_account(txn, "berta@x.test", kHash, kNow));
    return base::ok();
  }));
  for (int i = 1; i <= 3; ++i) put_message(*scene.boxes, scene.anna, letter("old" + std::to_string(i), 2000));
  put_message(*scene.boxes, scene.berta, letter("old1", 2000));
  put_entry(*scene.outgoing, scene.anna, "one@far.test");
  need(scene.outgoing->env().write([](WriteTxn& txn) { return queue::claim_due(txn, kNow, kNow + 600, 1); }));
  put_entry(*scene.outgoing, scene.anna, "two@far.test");
}

std::string Scene::check() {
  const store::maintenance::Opened stores{people.get(), boxes.get(), outgoing.get()};
  const auto report = store::maintenance::check(stores);
  if (!report.ok()) return report.error().text;
  std::string out;
  for (const auto& finding : report->findings) out += finding.what + "; ";
  return out;
}

std::string Scene::smtp(const std::string& armed, bool lmtp) {
  std::string out;
  std::unique_ptr<net::Stream> stream =
      std::make_unique<ArmedStream>(lmtp ? "LHLO c.test\r\n" : "EHLO c.test\r\n", armed, *this, out);
  receiver::delivery::LocalPolicy policy(
      *local_, lmtp ? receiver::lmtp::lmtp_options() : receiver::smtp::smtp_options(),
      lmtp ? receiver::delivery::Answers::PerRecipient : receiver::delivery::Answers::One);
  test::run_task(hearthmail::smtp::serve(std::move(stream), policy, clock_));
  return out;
}

std::string Scene::imap(const std::string& armed) {
  std::string out;
  std::unique_ptr<net::Stream> stream =
      std::make_unique<ArmedStream>("a LOGIN anna@x.test secret\r\nb SELECT INBOX\r\n", armed, *this, out);
  test::run_task(serve_imap(std::move(stream), *imap_));
  return out;
}

std::string Scene::submit(const std::string& armed) {
  const std::string login = base::base64(std::string_view("\0anna@x.test\0secret", 19));
  std::string out;
  std::unique_ptr<net::Stream> stream =
      std::make_unique<ArmedStream>("EHLO c.test\r\nAUTH PLAIN " + login + "\r\n", armed, *this, out);
  relay::submission::Policy policy(*submission_, "submission", no_pause);
  test::run_task(hearthmail::smtp::serve(std::move(stream), policy, clock_));
  return out;
}

std::vector<std::string> Scene::bodies(base::AccountId account, const std::string& mailbox) {
  std::vector<std::string> out;
  need(boxes->env().read([&](const ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto box, mail::find_mailbox(txn, account, mailbox));
    TRY_ASSIGN(const auto uids, mail::list_uids(txn, box.id));
    for (const auto uid : uids) {
      TRY_ASSIGN(const auto message, mail::find_message(txn, box.id, uid));
      TRY_ASSIGN(auto body, mail::read_body(txn, message->blob, 0, message->octets));
      out.push_back(std::move(body));
    }
    return base::ok();
  }));
  return out;
}

std::vector<queue::Entry> Scene::queued() {
  return need(outgoing->env().read([](const ReadTxn& txn) { return queue::list(txn, 100); }));
}

std::uint8_t Scene::flags(std::uint32_t uid) {
  return need(boxes->env().read([&](const ReadTxn& txn) -> base::Result<std::uint8_t> {
    TRY_ASSIGN(const auto box, mail::find_mailbox(txn, anna, "INBOX"));
    TRY_ASSIGN(const auto message, mail::find_message(txn, box.id, base::Uid{uid}));
    return message ? message->flags.system : std::uint8_t{0};
  }));
}

}  // namespace hearthmail::crash
