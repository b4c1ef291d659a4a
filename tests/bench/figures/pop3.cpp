// POP3: RETR of everything, 8 clients in 8 accounts, each answer awaited or 64 questions on the way.
#include "tests/bench/load/pop3_client.hpp"

#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kClients = 8;
constexpr std::size_t kWindow = 64;  // commands on the way

const std::vector<Mail>& maildrop(const Options& options) { return letters(options, dose(options, 2'000, 300), 4096); }

Result<Measure> retrieve(Server& server, const Options& options, bool pipelined) {
  const auto& mails = maildrop(options);
  std::vector<std::unique_ptr<Pop3Client>> clients(kClients);
  std::optional<Stopwatch> watch;
  const auto prepare = [&](std::size_t i) -> Status {
    TRY_ASSIGN(auto client, Pop3Client::open(server.services().pop3, server.users().at(i)));
    if (client.messages() != mails.size())
      return changed("STAT says " + std::to_string(client.messages()) + " messages");
    clients[i] = std::make_unique<Pop3Client>(std::move(client));
    return base::ok();
  };
  const auto work = [&](std::size_t i) {
    return pipelined ? clients[i]->retrieve_pipelined(mails, kWindow) : clients[i]->retrieve_in_lock_step(mails);
  };
  TRY(at_once(
      kClients, prepare, [&] { watch.emplace(server); }, work));
  auto measure = watch->per_second(static_cast<double>(kClients * mails.size()));
  for (auto& client : clients) TRY(client->quit());
  return measure;
}

}  // namespace

std::vector<Figure> pop3_figures() {
  Figure lock_step;
  lock_step.name = "pop3-lockstep-8";
  lock_step.work = "POP3 RETR of 2,000 messages of 4 KiB, 8 clients, lock-step";
  lock_step.unit = "msg/s";
  lock_step.peer = "dovecot";
  lock_step.target.ratio = 2;
  lock_step.prepare = [](Server& server, const Options& options) -> Status {
    for (std::size_t i = 0; i < kClients; ++i) TRY(fill_box(server, i, "INBOX", maildrop(options)));
    return base::ok();
  };
  lock_step.measure = [](Server& server, const Options& options) { return retrieve(server, options, false); };
  Figure pipelined = lock_step;
  pipelined.name = "pop3-pipelined-8";
  pipelined.work = "POP3 RETR of 2,000 messages of 4 KiB, 8 clients, pipelined";
  pipelined.measure = [](Server& server, const Options& options) { return retrieve(server, options, true); };
  return {lock_step, pipelined};
}

}  // namespace hearthmail::bench
