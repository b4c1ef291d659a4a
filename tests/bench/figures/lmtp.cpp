// LMTP: each message is durable before its 250.
#include <memory>

#include "tests/bench/figures/delivery.hpp"
#include "tests/bench/load/smtp_client.hpp"

namespace hearthmail::bench {

namespace {

using base::Result;
using base::Status;

struct Shape {
  std::string name, work;
  std::size_t octets, clients, mailboxes, letters;  // letters: how many different ones
  double ratio;
};

constexpr std::size_t kKibi = 1024;

Result<Measure> measure(Server& server, const Options& options, const Shape& shape) {
  const Pool pool(options.seed, options.quick ? shape.letters / 4 + 1 : shape.letters, shape.octets);
  TRY(server.clear());
  std::vector<std::unique_ptr<SmtpClient>> clients(shape.clients);
  const auto connect = [&](std::size_t client) -> Status {
    TRY_ASSIGN(auto opened, SmtpClient::open(server.services().lmtp, SmtpClient::Dialect::Lmtp));
    clients[client] = std::make_unique<SmtpClient>(std::move(opened));
    return base::ok();
  };
  const auto send = [&](std::size_t client, std::size_t number) {
    const std::string& to = server.users()[number % shape.mailboxes].address;
    return clients[client]->send("sender@elsewhere.example", {to}, pool.at(number).octets);
  };
  TRY_ASSIGN(const Sent sent, send_for_a_while(server, shape.clients, span_for(options), connect, send));
  clients.clear();
  TRY(check_inboxes(server, shape.mailboxes, pool, sent.letters));
  return sent.measure;
}

Figure figure(const Shape& shape) {
  Figure out;
  out.name = shape.name;
  out.work = shape.work;
  out.unit = "msg/s";
  out.peer = "dovecot";
  out.target.ratio = shape.ratio;
  out.measure = [shape](Server& server, const Options& options) { return measure(server, options, shape); };
  return out;
}

}  // namespace

std::vector<Figure> lmtp_figures() {
  return {
      figure({"lmtp-4k-1", "LMTP, durable, 4 KiB, 1 client", 4 * kKibi, 1, 32, 4000, 3}),
      figure({"lmtp-4k-8", "LMTP, durable, 4 KiB, 8 clients over 32 mailboxes", 4 * kKibi, 8, 32, 8000, 10}),
      figure({"lmtp-4k-32", "LMTP, durable, 4 KiB, 32 clients into one mailbox", 4 * kKibi, 32, 1, 8000, 20}),
      figure({"lmtp-64k-8", "LMTP, durable, 64 KiB, 8 clients", 64 * kKibi, 8, 32, 500, 4}),
      figure({"lmtp-1m-8", "LMTP, durable, 1 MiB, 8 clients", 1024 * kKibi, 8, 32, 50, 1.3}),
  };
}

}  // namespace hearthmail::bench
