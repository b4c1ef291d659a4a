// How fast a full queue leaves for a next hop, from the moment at which deliveries may begin.
#include "tests/bench/figures/outgoing.hpp"
#include "tests/bench/load/stopwatch.hpp"

namespace hearthmail::bench {

namespace {

using base::Result;
using base::Status;

constexpr std::size_t kOctets = 4096;
constexpr std::size_t kQueued = 10'000;
constexpr std::size_t kQueuedQuick = 1'000;
constexpr std::size_t kFillers = 16;  // clients that fill the queue

Status fill(const Server& server, const Pool& pool) {
  std::vector<std::unique_ptr<SmtpClient>> clients(kFillers);
  const auto connect = [&](std::size_t client) -> Status {
    TRY_ASSIGN(auto opened, open_submission(server, client));
    clients[client] = std::make_unique<SmtpClient>(std::move(opened));
    return base::ok();
  };
  const auto work = [&](std::size_t client) -> Status {
    for (std::size_t number = client; number < pool.size(); number += kFillers) {
      TRY(submit(*clients[client], server, client, pool.at(number).octets));
    }
    return base::ok();
  };
  return at_once(
      kFillers, connect, [] {}, work);
}

Result<Measure> measure(Server& server, const Options& options, bool tls) {
  const std::size_t queued = options.quick ? kQueuedQuick : kQueued;
  const Pool pool = own_letters(server, options.seed, queued, kOctets, kFillers);
  const auto check = [&pool](std::string_view message) { return pool.check(message); };
  TRY_ASSIGN(const auto sink, tls ? Sink::open_tls(check, options.directory) : Sink::open(check));
  TRY(hold_for(server, *sink));
  TRY(fill(server, pool));
  const Stopwatch watch(server);
  TRY(server.release_deliveries());
  TRY(sink->wait_for(queued, kDrainPatience));
  Measure measured = watch.per_second(static_cast<double>(queued));
  measured.limit = std::to_string(sink->connections()) + " connections";
  return measured;
}

Figure figure(bool tls, double ratio) {
  Figure out;
  out.name = tls ? "relay-tls" : "relay-plain";
  out.work = std::string("relay drain: a queue of 10,000 messages of 4 KiB to a sink, ") + (tls ? "TLS" : "plain");
  out.unit = "msg/s";
  out.peer = "postfix-relay";
  out.target.ratio = ratio;
  out.measure = [tls](Server& server, const Options& options) { return measure(server, options, tls); };
  return out;
}

}  // namespace

std::vector<Figure> relay_figures() { return {figure(false, 5), figure(true, 5)}; }

}  // namespace hearthmail::bench
