#include "tests/bench/figures/delivery.hpp"

#include <atomic>
#include <optional>
#include <span>
#include <thread>

#include "tests/bench/load/imap_client.hpp"
#include "tests/bench/load/stopwatch.hpp"

namespace hearthmail::bench {

namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kDeliveryDeadline{60};
constexpr std::chrono::milliseconds kLookAgain{50};

// Where every server takes a password.
const Endpoint& door(const Server& server) {
  const Services& services = server.services();
  return services.imaps.offered() ? services.imaps : services.imap;
}

Result<std::uint64_t> count_inboxes(const Server& server, std::span<const User> users) {
  std::uint64_t letters = 0;
  for (const User& user : users) {
    TRY_ASSIGN(auto client, ImapClient::enter(door(server), user));
    TRY_ASSIGN(const auto here, client.select("INBOX"));
    letters += here;
    TRY(client.logout());
  }
  return letters;
}

Status wait_for_letters(const Server& server, std::span<const User> users, std::uint64_t expected) {
  const auto ends = steady_clock::now() + kDeliveryDeadline;
  for (;;) {
    TRY_ASSIGN(const auto letters, count_inboxes(server, users));
    if (letters == expected) return base::ok();
    if (letters > expected || steady_clock::now() > ends) {
      return Error{Errc::Protocol,
                   std::to_string(expected) + " letters were accepted, the mailboxes hold " + std::to_string(letters)};
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

}  // namespace

Pool::Pool(std::vector<Mail> mails) : mails_(std::move(mails)) {
  for (std::size_t i = 0; i < mails_.size(); ++i) by_id_.emplace(mails_[i].message_id, i);
}

Status Pool::check(std::string_view received) const {
  constexpr std::string_view kField = "Message-ID: ";
  const auto at = received.find(kField);
  if (at == std::string_view::npos) return Error{Errc::Protocol, "a letter came back without its Message-ID"};
  const auto begin = at + kField.size();
  const auto found = by_id_.find(received.substr(begin, received.find('\r', begin) - begin));
  if (found == by_id_.end()) return Error{Errc::Protocol, "a letter came back that was not sent"};
  if (received.ends_with(mails_[found->second].octets)) return base::ok();
  return Error{Errc::Protocol, "letter " + mails_[found->second].message_id + " came back with other octets"};
}

Span span_for(const Options& options) {
  if (options.quick) return {std::chrono::milliseconds{600}, std::chrono::milliseconds{100}};
  return {};
}

Result<Sent> send_for_a_while(const Server& server, std::size_t clients, const Span& span,
                              const std::function<Status(std::size_t)>& connect, const SendOne& send) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> counted{0};
  std::vector<std::uint64_t> before(clients, 0);
  const auto send_until = [&](std::size_t client, steady_clock::time_point ends, std::uint64_t& sent) -> Status {
    while (steady_clock::now() < ends) {
      TRY(send(client, next.fetch_add(1, std::memory_order_relaxed)));
      ++sent;
    }
    return base::ok();
  };
  const auto prepare = [&](std::size_t client) -> Status {
    TRY(connect(client));
    return send_until(client, steady_clock::now() + span.warm_up, before[client]);
  };
  std::optional<Stopwatch> watch;
  steady_clock::time_point ends;
  const auto begin = [&] {
    watch.emplace(server);
    ends = steady_clock::now() + span.measured;
  };
  const auto work = [&](std::size_t client) -> Status {
    std::uint64_t sent = 0;
    auto done = send_until(client, ends, sent);
    counted += sent;
    return done;
  };
  TRY(at_once(clients, prepare, begin, work));
  Sent result;
  result.measure = watch->per_second(static_cast<double>(counted.load()));
  result.letters = counted.load();
  for (const auto warm : before) result.letters += warm;
  return result;
}

Status check_inboxes(const Server& server, std::size_t mailboxes, const Pool& pool, std::uint64_t expected) {
  const std::span<const User> users(server.users().data(), mailboxes);
  TRY(wait_for_letters(server, users, expected));
  for (const User& user : users) {
    TRY_ASSIGN(auto client, ImapClient::enter(door(server), user));
    TRY_ASSIGN(const auto letters, client.select("INBOX"));
    if (letters == 0) continue;
    const auto each = [&pool](std::uint32_t, std::string_view octets) { return pool.check(octets); };
    TRY_ASSIGN([[maybe_unused]] const auto octets, read_bodies(client, "1:*", each));
    TRY(client.logout());
  }
  return base::ok();
}

}  // namespace hearthmail::bench
