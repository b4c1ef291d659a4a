// Our own users' outgoing mail into the durable queue, from which nothing leaves meanwhile; afterwards, not measured, all of
// it leaves for a sink that compares every octet.
#include "tests/bench/figures/outgoing.hpp"

namespace hearthmail::bench {

namespace {

using base::Result;
using base::Status;

constexpr std::size_t kOctets = 4096;
constexpr std::size_t kLetters = 8000;
constexpr std::size_t kClients = 16;

Result<Measure> measure(Server& server, const Options& options) {
  const Pool pool = own_letters(server, options.seed, options.quick ? kLetters / 4 : kLetters, kOctets, kClients);
  const auto check = [&pool](std::string_view message) { return pool.check(message); };
  TRY_ASSIGN(const auto sink, Sink::open(check));
  TRY(hold_for(server, *sink));
  std::vector<std::unique_ptr<SmtpClient>> clients(kClients);
  const auto connect = [&](std::size_t client) -> Status {
    TRY_ASSIGN(auto opened, open_submission(server, client));
    clients[client] = std::make_unique<SmtpClient>(std::move(opened));
    return base::ok();
  };
  const auto send = [&](std::size_t client, std::size_t number) {
    return submit(*clients[client], server, client, pool.at(number / kClients * kClients + client).octets);
  };
  TRY_ASSIGN(Sent sent, send_for_a_while(server, kClients, span_for(options), connect, send));
  clients.clear();
  TRY(server.release_deliveries());
  TRY(sink->wait_for(sent.letters, kDrainPatience));
  if (server.services().submission.tls) sent.measure.limit = "ours inside TLS and logged in, the peer neither";
  return sent.measure;
}

}  // namespace

std::vector<Figure> submission_figures() {
  Figure figure;
  figure.name = "submission-4k-16";
  figure.work = "submission into the durable queue, 4 KiB, 16 clients";
  figure.unit = "msg/s";
  figure.peer = "postfix-relay";
  figure.target.ratio = 5;
  figure.measure = measure;
  return {figure};
}

}  // namespace hearthmail::bench
