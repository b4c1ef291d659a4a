// Port 25 as strangers use it: a connection for each message, durable before the 250.
#include <memory>

#include "tests/bench/figures/delivery.hpp"
#include "tests/bench/load/smtp_client.hpp"

namespace hearthmail::bench {

namespace {

using base::Result;
using base::Status;

constexpr std::size_t kOctets = 4096;
constexpr std::size_t kLetters = 8000;
constexpr std::size_t kMailboxes = 32;

Result<Measure> measure(Server& server, const Options& options, std::size_t clients) {
  const Pool pool(options.seed, options.quick ? kLetters / 4 : kLetters, kOctets);
  TRY(server.clear());
  const auto nothing = [](std::size_t) { return base::ok(); };
  const auto send = [&](std::size_t, std::size_t number) -> Status {
    TRY_ASSIGN(auto client, SmtpClient::open(server.services().smtp, SmtpClient::Dialect::Smtp));
    const std::string& to = server.users()[number % kMailboxes].address;
    TRY(client.send("sender@elsewhere.example", {to}, pool.at(number).octets));
    return client.quit();
  };
  TRY_ASSIGN(const Sent sent, send_for_a_while(server, clients, span_for(options), nothing, send));
  // A server that discards has nothing to show.
  if (server.services().imaps.offered()) TRY(check_inboxes(server, kMailboxes, pool, sent.letters));
  return sent.measure;
}

Figure figure(std::size_t clients, double ratio) {
  Figure out;
  out.name = "inbound-4k-" + std::to_string(clients);
  out.work = "port 25, durable, 4 KiB, " + std::to_string(clients) + (clients == 1 ? " client" : " clients") +
             ", one connection per message";
  out.unit = "msg/s";
  out.peer = "postfix-discard";
  out.also = {"postfix-dovecot"};
  out.target.ratio = ratio;
  out.measure = [clients](Server& server, const Options& options) { return measure(server, options, clients); };
  return out;
}

}  // namespace

std::vector<Figure> inbound_figures() { return {figure(1, 2), figure(8, 5), figure(32, 8)}; }

}  // namespace hearthmail::bench
