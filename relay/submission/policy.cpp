#include "relay/submission/policy.hpp"

#include <utility>

#include "common/base/sync_point.hpp"
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "common/net/doorbell.hpp"
#include "common/smtp/server_session.hpp"
#include "common/smtp/trace.hpp"
#include "relay/submission/message.hpp"
#include "relay/submission/sender.hpp"

namespace hearthmail::relay::submission {
namespace {

namespace queue = store::queue;
using base::Errc;
using base::Error;
using hearthmail::smtp::ClientInfo;
using hearthmail::smtp::Recipient;
using hearthmail::smtp::ServerReply;
using hearthmail::smtp::Spool;
using hearthmail::smtp::Transaction;
using Replies = std::vector<ServerReply>;

// The text of Invalid and Denied was written for the client; every other error is ours and temporary.
ServerReply refused(const Error& error) {
  switch (error.code) {
    case Errc::Invalid: return {550, "5.6.0", error.text};
    case Errc::Denied: return {550, "5.7.1", error.text};
    case Errc::Protocol: return {554, "5.4.6", "Too many hops, this is a mail loop"};
    case Errc::NotFound:
    case Errc::Exists:
    case Errc::OverLimit:
    case Errc::Unavailable:
    case Errc::Timeout:
    case Errc::Closed:
    case Errc::Interrupted:
    case Errc::Corrupt:
    case Errc::Unsupported:
    case Errc::Internal: break;
  }
  return {451, "4.3.0", "Local error, try again later"};
}

queue::Ret to_queue(hearthmail::smtp::Ret ret) {
  switch (ret) {
    case hearthmail::smtp::Ret::Unstated: break;
    case hearthmail::smtp::Ret::Full: return queue::Ret::Full;
    case hearthmail::smtp::Ret::Headers: return queue::Ret::Headers;
  }
  return queue::Ret::Default;
}

static_assert(hearthmail::smtp::kNotifyNever == queue::kNotifyNever);
static_assert(hearthmail::smtp::kNotifySuccess == queue::kNotifySuccess);
static_assert(hearthmail::smtp::kNotifyFailure == queue::kNotifyFailure);
static_assert(hearthmail::smtp::kNotifyDelay == queue::kNotifyDelay);

queue::Envelope envelope_of(const ClientInfo& client, const Transaction& transaction, const Prepared& prepared,
                            base::UnixTime now) {
  queue::Envelope out;
  out.reverse_path = transaction.reverse_path.str();
  out.account = client.account;
  out.envid = transaction.parameters.envid;
  out.ret = to_queue(transaction.parameters.ret);
  out.eight_bit = prepared.eight_bit || transaction.parameters.body == hearthmail::smtp::Body::EightBitMime;
  out.smtputf8 = transaction.parameters.smtputf8;
  out.arrived = now;
  out.message_id = prepared.message_id;
  return out;
}

std::vector<queue::Recipient> recipients_of(const Transaction& transaction) {
  std::vector<queue::Recipient> out;
  for (const auto& one : transaction.recipients) {
    queue::Recipient recipient;
    recipient.address = one.address.str();
    recipient.original = one.parameters.original;
    recipient.notify = one.parameters.notify;
    out.push_back(std::move(recipient));
  }
  return out;
}

}  // namespace

Policy::Policy(const Services& services, std::string name, Sleep sleep)
    : services_(services), sleep_(std::move(sleep)) {
  options_.dialect = hearthmail::smtp::Dialect::Submission;
  options_.name = std::move(name);
  options_.hostname = services.hostname;
  options_.max_octets = services.max_message_octets;
  options_.spool_dir = services.spool_dir;
  options_.disk = services.disk;
  options_.line_endings = hearthmail::smtp::LineEndings::Normalise;
  options_.dsn = true;
  options_.auth = true;
}

ServerReply Policy::check_mail(const ClientInfo& client, const Transaction& transaction) {
  if (!client.tls.active) return {530, "5.7.0", "Must issue a STARTTLS command first"};  // RFC 3207 §4
  if (!client.account) return {530, "5.7.0", "Authentication required"};                 // RFC 4954 §6
  if (transaction.reverse_path.null) return {250, "2.1.0", "Sender OK"};
  const std::string address = transaction.reverse_path.str();
  const auto checked = services_.accounts.env().read(
      [&](const store::lmdb::ReadTxn& txn) { return check_sender(txn, client.account, client.login, address); });
  if (checked.ok()) return {250, "2.1.0", "Sender OK"};
  if (checked.error().code == Errc::Denied) return {553, "5.7.1", checked.error().text};
  log::error("sender cannot be checked", {{"error", checked.error().text}});
  return refused(Error{Errc::Unavailable, {}});
}

ServerReply Policy::check_rcpt(const ClientInfo& client, const Transaction&, Recipient& recipient) {
  using store::accounts::Found;
  auto& address = recipient.address;
  if (address.domain.empty()) address.domain = client.login.substr(client.login.rfind('@') + 1);  // <Postmaster>: ours
  const auto found = services_.accounts.env().read(
      [&address](const store::lmdb::ReadTxn& txn) { return store::accounts::resolve(txn, address.str()); });
  if (!found.ok()) {
    log::error("recipient cannot be checked", {{"error", found.error().text}});
    return refused(Error{Errc::Unavailable, {}});
  }
  // The receiver finds somebody for postmaster in any case (RFC 5321 §4.5.1).
  if (found->found == Found::NoSuchUser && !base::iequals(address.local, "postmaster")) {
    return {550, "5.1.1", "No such user here"};
  }
  return {250, "2.1.5", "Recipient OK"};
}

base::Task<Replies> Policy::commit(const ClientInfo& client, const Transaction& transaction, const Spool& message) {
  const base::UnixTime now = services_.clock.now();
  const std::string received = hearthmail::smtp::received_field(options_, client, transaction, now);
  const Completion completion{options_.hostname, received, now};
  const AuthorCheck check = [this, &client](const std::vector<std::string>& addresses) {
    return services_.accounts.env().read([&](const store::lmdb::ReadTxn& txn) -> base::Status {
      for (const auto& address : addresses) TRY(check_sender(txn, client.account, client.login, address));
      return base::ok();
    });
  };
  const auto work = [&]() -> base::Result<Prepared> {
    TRY_ASSIGN(auto octets, message.read_all(""));
    return prepare(std::move(octets), completion, check);
  };
  base::Result<Prepared> prepared = Error{Errc::Internal, "not prepared"};
  if (message.octets() <= net::kSmallWork) {
    prepared = net::run_here(work);
  } else {
    prepared = co_await services_.workers.run(work);
  }
  Replies replies;
  if (!prepared.ok()) {
    log::info("submission refused",
              {{"id", transaction.id}, {"login", client.login}, {"error", prepared.error().text}});
    replies.push_back(refused(prepared.error()));
    co_return replies;
  }
  const auto envelope = envelope_of(client, transaction, *prepared, now);
  const auto recipients = recipients_of(transaction);
  base::DiskReserve* const disk = services_.disk;
  const auto enqueue = [&](store::lmdb::WriteTxn& txn) -> base::Result<base::QueueId> {
    if (disk != nullptr) TRY(disk->check(prepared->body.stored_octets()));
    auto id = queue::enqueue(txn, envelope, recipients, prepared->body);
    base::sync_point("submission-after-write");
    return id;
  };
  const bool large = prepared->body.stored_octets() > store::lmdb::kLargeJob;
  const auto isolation = large ? store::lmdb::Isolation::Own : store::lmdb::Isolation::Child;
  auto queued = co_await services_.queue.env().write_async(enqueue, isolation);
  if (!queued.ok()) {
    log::error("submission not queued", {{"id", transaction.id}, {"error", queued.error().text}});
    const bool full = disk != nullptr && disk->reached();
    replies.push_back(full ? hearthmail::smtp::no_room() : refused(Error{Errc::Unavailable, {}}));
    co_return replies;
  }
  net::ring(services_.doorbell);
  replies.push_back({250, "2.0.0", "queued as " + std::to_string(queued->value)});
  co_return replies;
}

base::Task<base::Result<Policy::Login>> Policy::authenticate(auth::SaslStep step, std::string peer) {
  auto attempt = co_await services_.authenticator.conclude(std::move(step), std::move(peer));
  if (!attempt.identity.ok()) {
    const auto delay = attempt.delay;
    co_await sleep_(delay);
    co_return attempt.identity.error();
  }
  Login who;
  who.account = attempt.identity->account;
  who.address = attempt.identity->address;
  co_return who;
}

base::Result<auth::ScramVerifier> Policy::scram_verifier(const std::string& login) {
  return services_.authenticator.scram_verifier(login);
}

base::Task<void> serve_submission(net::Loop& loop, std::unique_ptr<net::Stream> stream, const Services& services,
                                  std::string name) {
  const auto sleep = [&loop](std::chrono::milliseconds duration) { return loop.sleep(duration); };
  Policy policy(services, std::move(name), sleep);
  const base::Clock& clock = services.clock;
  co_await hearthmail::smtp::serve(std::move(stream), policy, clock);
}

}  // namespace hearthmail::relay::submission
